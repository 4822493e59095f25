--- The service model of AWS Backup: its shapes and operations as lines of text, which the C core reads, and what is
--- told beside them.
---
--- The data is generated from `model/`; see `tools/generate.lua`.

local index = require "aws.backup.model.index"
local text = require "aws.backup.model.text"

return {
  metadata = index.metadata,
  --- `{input_token, output_token, limit_key, result_key}` by operation name: the modelled paginators, and the list
  --- operations that page without one (these carry `unlisted = true`).
  paginators = index.paginators,
  --- `{status, fault, members}` by exception name; status is the HTTP status, fault "client" or "server".
  exceptions = index.exceptions,
  --- See `src/model.h`.
  shapes = text.shapes,
  operations = text.operations,
}

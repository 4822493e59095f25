--- The file system as the client sees it: whole small files, read and replaced. The default of the option `files`; a
-- test hands in a table of its own.

local core = require "aws.backup.core"

local files = {}

---@alias aws.backup.FileFailure "missing"|"denied"|"not_a_file"|"too_large"|"io"

---@class aws.backup.Files
---@field read fun(path: string, max_bytes: integer): string?, aws.backup.FileFailure?, string?
---@field replace fun(path: string, text: string): boolean?, aws.backup.FileFailure?, string?

--- Regular files on disk. `read` follows symbolic links and never waits for a writer; `replace` does it in one step, so
-- that a reader sees the old text or the new one, and makes the file readable by its owner alone. Failures come as nil,
-- a kind, and a message that names the path and never quotes the content.
---@type aws.backup.Files
files.default = {
  read = core.read_file,
  replace = core.replace_file,
}

return files

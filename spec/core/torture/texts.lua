-- Everything that writes a text piece by piece.

local core = require "aws.backup.core"

assert(#core.json_quote(("\n"):rep(3000)) == 6002)
assert(core.uri_encode("/") == "%2F")

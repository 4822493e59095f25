-- Everything that writes a text piece by piece.

local core = require "aws.backup.core"

local STRING, INTEGER, LIST, MAP, STRUCTURE = { 1 }, { 2 }, 5, 6, 7

local plan = { STRUCTURE,
  "Items", '{"Items":', ',"Items":', { LIST, STRING },
  "Table", '{"Table":', ',"Table":', { MAP, INTEGER },
}
local value = { Items = { ("x"):rep(2000), "\n" }, Table = { b = 1, a = 2, c = 3 } }

local text = core.json_write(plan, value)
-- Without memory for its buffer it gives up, as for what it can't write.
assert(text == nil or text == '{"Items":["' .. ("x"):rep(2000) .. '","\\n"],"Table":{"a":2,"b":1,"c":3}}')
assert(core.json_write(plan, { Items = { 5 } }) == nil)
assert(#core.json_quote(("\n"):rep(3000)) == 6002)
assert(core.uri_encode("/") == "%2F")

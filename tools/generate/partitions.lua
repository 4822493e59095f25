--- The module of AWS partitions.

local lua_writer = require "tools.generate.lua_writer"
local sorted_keys = require "aws.backup.sorted_keys"

local partitions = {}

--- Turns a partition's regular expression into Lua patterns: one for each alternative of a group, because Lua's
--- patterns have no alternation. Only what the partitions use is known; anything else raises.
---@param regex string
---@return string[]
local function lua_patterns(regex)
  local before, group, after = regex:match("^%^(.-)%((.-)%)(.*)%$$")
  if not group then before, group, after = "", "", assert(regex:match("^%^(.*)%$$"), "not anchored: " .. regex) end
  local patterns = {}
  for alternative in (group .. "|"):gmatch("(.-)|") do
    local text = before .. alternative .. after
    text = text:gsub("\\%-", "%%-"):gsub("\\w", "[A-Za-z0-9_]"):gsub("\\d", "[0-9]")
    assert(not text:find("[\\|()?*^$]"), "this generator does not know all of the expression " .. regex)
    patterns[#patterns + 1] = "^" .. text .. "$"
  end
  return patterns
end

--- The module's text.
---@param document table  # model/partitions.json
---@param order_of fun(object: table): string[]
---@param header string
---@return string
function partitions.module(document, order_of, header)
  local orders, list = {}, {}
  for index, partition in ipairs(document.partitions) do
    local entry = {
      id = partition.id, regex = partition.regionRegex, patterns = lua_patterns(partition.regionRegex),
      outputs = partition.outputs, regions = sorted_keys(partition.regions),
    }
    orders[entry] = { "id", "regex", "patterns", "outputs", "regions" }
    list[index] = entry
  end
  local function order(object)
    return orders[object] or order_of(object)
  end
  return header .. [[
-- A region belongs to the first partition that lists it, else to the first of which a pattern matches it; `regex`
-- is the source's own expression, `patterns` the same in Lua's.
]] .. "return " .. lua_writer.write(list, { order_of = order, room = 7 }) .. "\n"
end

return partitions

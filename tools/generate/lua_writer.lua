--- Writes tables as Lua source: a table on one line if it fits, else one entry a line.

local sorted_keys = require "aws.backup.sorted_keys"

local lua_writer = {}

local WIDTH = 110

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true
    until while]]):gmatch("%a+") do
  KEYWORDS[word] = true
end

local function key_text(key)
  if key:find("^[%a_][%w_]*$") and not KEYWORDS[key] then return key .. " = " end
  return ("[%q] = "):format(key)
end

local function scalar_text(value)
  if type(value) == "string" then return (("%q"):format(value):gsub("\\\n", "\\n")) end
  if type(value) == "number" then
    assert(value == math.floor(value), "the models hold whole numbers only")
    return ("%.0f"):format(value)
  end
  return tostring(value)
end

--- The entries of a table as key texts and values, in order.
local function entries(value, order_of)
  local list = {}
  if #value > 0 then
    for index, item in ipairs(value) do list[index] = { "", item } end
    return list
  end
  local order = order_of(value)
  if #order == 0 then order = sorted_keys(value) end
  for index, key in ipairs(order) do list[index] = { key_text(key), value[key] } end
  return list
end

local function inline(value, order_of)
  if type(value) ~= "table" then return scalar_text(value) end
  local parts = {}
  for index, entry in ipairs(entries(value, order_of)) do parts[index] = entry[1] .. inline(entry[2], order_of) end
  return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end

--- Scalars of a list, as many on a line as fit.
local function wrapped(list, indent)
  local lines, line = {}, ""
  for _, item in ipairs(list) do
    local text = scalar_text(item) .. ","
    if line ~= "" and #indent + #line + 1 + #text > WIDTH then
      lines[#lines + 1], line = indent .. line, ""
    end
    line = line == "" and text or line .. " " .. text
  end
  lines[#lines + 1] = indent .. line
  return table.concat(lines, "\n")
end

--- Writes a value.
---@param value any  # a scalar, a sequence, or a table with string keys
---@param options? { order_of: fun(object: table): string[], indent: string?, room: integer? }
---  order_of: keys in order (none: sorted); room: columns that stand before and after it on its first line
---@return string
function lua_writer.write(value, options)
  options = options or {}
  local order_of = options.order_of or function() return {} end
  local indent, room = options.indent or "", options.room or 0
  local line = inline(value, order_of)
  if type(value) ~= "table" or #indent + room + #line <= WIDTH then return line end
  local inner = indent .. "  "
  if #value > 0 and type(value[1]) ~= "table" then
    return "{\n" .. wrapped(value, inner) .. "\n" .. indent .. "}"
  end
  local lines = {}
  for index, entry in ipairs(entries(value, order_of)) do
    local text = lua_writer.write(entry[2], { order_of = order_of, indent = inner, room = #entry[1] + 1 })
    lines[index] = inner .. entry[1] .. text .. ","
  end
  return "{\n" .. table.concat(lines, "\n") .. "\n" .. indent .. "}"
end

return lua_writer

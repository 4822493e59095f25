--- Reads a JSON file and remembers the order in which its objects name their members.

local dkjson = require "dkjson"

local source = {}

--- Reads a whole file.
---@param path string
---@return string
function source.text(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

--- Reads a JSON file.
---@param path string
---@return table document
---@return fun(object: table): string[] order_of  # the members of an object of the document, as the file has them
function source.json(path)
  local orders = {}
  local recorder = {}
  -- dkjson sets this metatable before it fills an object, so each new member passes here.
  function recorder.__newindex(object, key, value)
    local order = orders[object] or {}
    orders[object] = order
    order[#order + 1] = key
    rawset(object, key, value)
  end
  local document, _, message = dkjson.decode(source.text(path), 1, nil, recorder, {})
  if not document then error(("%s: %s"):format(path, message), 0) end
  return document, function(object) return orders[object] or {} end
end

return source

--- What the two rest-json suites share: reading the vectors, and translating between their words and Lua's.

local cjson = require("cjson").new()

local codec = require "aws.backup.codec"

local support = {}

support.null = cjson.null
support.decode = cjson.decode

--- The vectors of a file under spec/fixtures/vectors.
function support.vectors(name)
  local file = assert(io.open("spec/fixtures/vectors/" .. name, "rb"))
  local document = cjson.decode(file:read("*a"))
  file:close()
  return document.vectors
end

--- The compiled operation of a vector's model fragment.
function support.operation(vector)
  local source = vector.model.operation
  local model = codec.from_model_table { operations = { [source.name] = source }, shapes = vector.model.shapes }
  return assert(codec.new(model):operation(source.name))
end

local SPECIAL = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }

local function is_float(shape)
  return shape.type == "float" or shape.type == "double"
end

local function map_values(shape, value, convert)
  if type(value) ~= "table" then return convert(shape, value) end
  local result = {}
  for key, item in pairs(value) do
    local inner = shape.item or shape.value or (shape.by_name[key] and shape.by_name[key].shape)
    result[key] = inner and map_values(inner, item, convert) or item
  end
  return result
end

--- The vectors write special floats as strings; in Lua they are numbers.
function support.to_lua(shape, value)
  if not shape then return value end
  return map_values(shape, value, function(leaf, item)
    return is_float(leaf) and SPECIAL[item] or item
  end)
end

--- The other way round.
function support.from_lua(shape, value)
  if not shape then return value end
  return map_values(shape, value, function(leaf, item)
    if not is_float(leaf) then return item end
    if item ~= item then return "NaN" end
    return item == math.huge and "Infinity" or item == -math.huge and "-Infinity" or item
  end)
end

--- Header names in lower case, as a transport hands them over.
function support.lower_names(headers)
  local lowered = {}
  for name, value in pairs(headers) do lowered[name:lower()] = value end
  return lowered
end

return support

--- Shapes as linked tables of Lua, for those that ask the model: the embedded endpoint, and what reads answers. Made of
--- what the C core has read, when they are first asked for.

local shapes = {}

---@class aws.backup.codec.Shape
---@field name string
---@field type string  # structure, list, map, string, integer, long, boolean, timestamp, blob, float, double
---@field members? aws.backup.codec.Member[]  # structures: in the model's order
---@field by_name? table<string, aws.backup.codec.Member>
---@field body? aws.backup.codec.Member[]  # those that travel in the JSON body
---@field by_wire? table<string, aws.backup.codec.Member>  # the same by their names in there
---@field renamed? boolean  # whether any of them has another name in there
---@field located? aws.backup.codec.Member[]  # all others
---@field required? string[]
---@field union? boolean  # a structure of which exactly one member is set
---@field item? aws.backup.codec.Shape  # lists
---@field key? aws.backup.codec.Shape  # maps
---@field value? aws.backup.codec.Shape
---@field min? integer
---@field max? integer
---@field pattern? string  # the model's regular expression
---@field enum? string[]
---@field sensitive? boolean
---@field exception? boolean
---@field timestamp_format? string  # iso8601, rfc822, unixTimestamp
---@field core userdata  # its model
---@field find fun(name: string): aws.backup.codec.Shape?  # other shapes of it

---@class aws.backup.codec.Member
---@field name string
---@field wire string  # its name in the label, query, header or body
---@field location string  # uri, querystring, header, headers, statusCode or body
---@field owner string  # the name of its structure
---@field page_token? boolean  # it says where in a list a page begins
---@field shape aws.backup.codec.Shape
---@field required boolean

--- A reference may override the format of the timestamp that it refers to.
local function with_format(shape, format)
  if not format or format == shape.timestamp_format then return shape end
  local copy = {}
  for key, value in pairs(shape) do copy[key] = value end
  copy.timestamp_format = format
  return copy
end

local function split(joined)
  local values = {}
  for value in (joined .. "|"):gmatch("([^|]*)|") do
    values[#values + 1] = value:gsub("%%20", " "):gsub("%%7C", "|")
  end
  return values
end

--- Takes members as the core describes them, and sorts them by where they travel.
local function link_members(shape, link)
  shape.by_name, shape.body, shape.by_wire, shape.located, shape.required = {}, {}, {}, {}, {}
  for _, member in ipairs(shape.members) do
    member.owner, member.required = shape.name, member.required or false
    member.shape = with_format(link(member.shape), member.timestamp_format)
    shape.by_name[member.name] = member
    if member.required then shape.required[#shape.required + 1] = member.name end
    if member.location == "body" then
      shape.body[#shape.body + 1], shape.by_wire[member.wire] = member, member
      shape.renamed = shape.renamed or member.wire ~= member.name
    else
      shape.located[#shape.located + 1] = member
    end
    if member.token then shape.token = member.name end
  end
end

--- A finder of linked shapes over a model of the core. Each is made once; shapes may refer to themselves.
---@param model userdata  # see core.new_model
---@return fun(name: string): aws.backup.codec.Shape?, string?
function shapes.finder(model)
  local linked = {}

  local function link(name)
    if linked[name] then return linked[name] end
    local shape, message = model:shape(name)
    if not shape then return nil, message end
    linked[name] = shape
    shape.core, shape.find = model, link
    shape.enum = shape.enum and split(shape.enum)
    if shape.members then link_members(shape, link) end
    shape.item = shape.item and link(shape.item)
    shape.key = shape.key and link(shape.key)
    shape.value = shape.value and link(shape.value)
    return shape
  end

  return link
end

return shapes

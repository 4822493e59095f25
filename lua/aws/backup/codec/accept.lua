--- Whether parameters are fine, and nothing else: a first look without paths, messages and lists of faults.
---
--- Each shape becomes one function from a value to true or false. False means only that `validate` has to look
--- closer: at what is at fault, and at what is rare and not judged here (tables with a metatable, structures that
--- hold others of their own kind). True means that it would find no fault.

local enums = require "aws.backup.codec.enums"
local json = require "aws.backup.codec.json"
local number = require "aws.backup.codec.number"
local patterns = require "aws.backup.codec.patterns"
local rules = require "aws.backup.codec.rules"
local scalar = require "aws.backup.codec.scalar"
local core = require "aws.backup.core"

local accept = {}

local null = json.null
local is_text, utf8_length = core.is_text, core.utf8_length
local to_integer = number.to_integer

local acceptor_of

local function refuse() return false end

--- A table that is what it seems: `next` sees all that indexing finds.
local function is_plain_table(value)
  return type(value) == "table" and getmetatable(value) == nil
end

--- The model's limits, as far as they count: maxima are left to the service at the level of shapes.
local function limits(shape, level)
  return shape.min, level.full and shape.max or nil
end

--- The same as numbers that can be compared with.
local function bounds(shape, level)
  local min, max = limits(shape, level)
  return min or -math.huge, max or math.huge
end

local BUILDERS = {}

--- All of them hold for a value.
local function hold_all(documented, value)
  for index = 1, #documented do
    if not documented[index](value, refuse, utf8_length) then return false end
  end
  return true
end

--- What a structure asks of its members: a function for each, and the names of those that are required.
local function asked_of_members(shape, level)
  local acceptors, required = {}, {}
  for _, member in ipairs(shape.members) do
    acceptors[member.name] = acceptor_of(member.shape, level, member)
    if member.required then required[#required + 1] = member.name end
  end
  return acceptors, required
end

function BUILDERS.structure(shape, level)
  local acceptors, required = asked_of_members(shape, level)
  local documented = level.documented and rules.BY_SHAPE[shape.name] or {}
  local union = shape.union
  return function(value)
    if not is_plain_table(value) then return false end
    local set = 0
    for name, item in next, value do
      if item ~= null then
        local accepts = acceptors[name]
        if not accepts or not accepts(item) then return false end
        set = set + 1
      end
    end
    for index = 1, #required do
      local item = value[required[index]]
      if item == nil or item == null then return false end
    end
    return (not union or set == 1) and hold_all(documented, value)
  end
end

function BUILDERS.list(shape, level)
  local accepts, min, max = acceptor_of(shape.item, level), bounds(shape, level)
  return function(value)
    if not is_plain_table(value) then return false end
    local count, keys = 0, 0
    local item = value[1]
    while item ~= nil do
      if item ~= null and not accepts(item) then return false end
      count = count + 1
      item = value[count + 1]
    end
    for _ in next, value do keys = keys + 1 end
    return keys == count and count >= min and count <= max
  end
end

function BUILDERS.map(shape, level)
  -- Keys are strings, whatever the model says.
  local accepts_key = shape.key.type == "string" and acceptor_of(shape.key, level) or refuse
  local accepts_item = acceptor_of(shape.value, level)
  local min, max = bounds(shape, level)
  return function(value)
    if not is_plain_table(value) then return false end
    local count = 0
    for key, item in next, value do
      if item ~= null then
        if not (accepts_key(key) and accepts_item(item)) then return false end
        count = count + 1
      end
    end
    return count >= min and count <= max
  end
end

--- A label of the path must not lead elsewhere.
local function is_label(text)
  return text ~= "" and text ~= "." and text ~= ".."
end

local function is_not_empty(text)
  return text ~= ""
end

--- Both of two demands on a text, where there are two.
local function both(first, second)
  if not (first and second) then return first or second end
  return function(text) return first(text) and second(text) end
end

--- Not a value of an enum in other letters. The values themselves are known without a look at the others.
local function not_misspelt(shape)
  local values = {}
  for _, value in ipairs(shape.enum) do values[value] = true end
  return function(text) return values[text] == true or enums.meant(shape, text) == nil end
end

--- What a text must be besides a text of some length; nil for most.
local function demand_on(shape, level, member)
  local demand = level.full and patterns.matcher(shape, member and member.owner) or nil
  if level.full and shape.enum then demand = both(demand, not_misspelt(shape)) end
  if member and member.location == "uri" then demand = both(is_label, demand) end
  if member and member.page_token then demand = both(is_not_empty, demand) end
  return demand
end

function BUILDERS.string(shape, level, member)
  local min, max = limits(shape, level)
  local demand = demand_on(shape, level, member)
  if demand then return function(value) return is_text(value, min, max) and demand(value) end end
  if min or max then return function(value) return is_text(value, min, max) end end
  return is_text
end

function BUILDERS.integer(shape, level)
  local min, max = bounds(shape, level)
  if shape.type == "integer" then min, max = math.max(min, scalar.MIN_INT32), math.min(max, scalar.MAX_INT32) end
  return function(value)
    local integer = to_integer(value)
    return integer and integer >= min and integer <= max or false
  end
end

function BUILDERS.boolean()
  return function(value) return value == true or value == false end
end

function BUILDERS.timestamp()
  return function(value) return scalar.timestamp(value) ~= nil end
end

function BUILDERS.blob(shape, level)
  local min, max = bounds(shape, level)
  return function(value) return type(value) == "string" and #value >= min and #value <= max end
end

--- Types that have nothing but their writing to check.
local function writable(shape)
  return function(value) return scalar.write(shape, value, "iso8601") ~= nil end
end

BUILDERS.long = BUILDERS.integer

local CONTAINERS = { structure = true, list = true, map = true }

--- Containers are judged alike wherever their shape stands; what is in them can depend on the member that it is.
function acceptor_of(shape, level, member)
  local build = BUILDERS[shape.type] or writable
  if not CONTAINERS[shape.type] then return build(shape, level, member) end
  local known = level.known[shape]
  if known then return known end
  -- Met again within itself, a shape is left to the closer look, which ends on tables that contain themselves.
  level.known[shape] = refuse
  local accepts = build(shape, level)
  level.known[shape] = accepts
  return accepts
end

--- Compiles what an operation takes.
---@param shape aws.backup.codec.Shape  # of its input
---@param full boolean  # false: only what holds at the level of shapes
---@param documented boolean  # whether AWS's documented rules are checked, too
---@return fun(params: any): boolean
function accept.compile(shape, full, documented)
  return acceptor_of(shape, { full = full, documented = documented, known = {} })
end

return accept

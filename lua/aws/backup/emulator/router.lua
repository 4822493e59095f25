--- From a method and a path to an operation: a tree of path segments, made from the model. A literal
--- segment is preferred to a label, and a label is never empty. The path is split before it is decoded,
--- because labels hold slashes as %2F.

local uri = require "aws.backup.codec.uri"

local router = {}

local methods = {}
local metatable = { __name = "aws.backup.emulator.router", __index = methods }

-- Segments between slashes. One slash at the end more or less is the same path: clients differ in it.
local function segments_of(path)
  local inner = path:match("^/(.*)$")
  if not inner then return nil end
  inner = inner:gsub("/$", "")
  local segments = {}
  for segment in (inner .. "/"):gmatch("([^/]*)/") do segments[#segments + 1] = segment end
  return segments
end

local function new_node()
  return { literals = {}, label = nil, operations = {} }
end

local function insert(root, name, method, request_uri)
  local path, query = request_uri:match("^([^?]*)%??(.*)$")
  local node, labels = root, {}
  for _, segment in ipairs(segments_of(path)) do
    local label = segment:match("^{(.+)}$")
    if label then
      labels[#labels + 1] = label
      node.label = node.label or new_node()
      node = node.label
    else
      node.literals[segment] = node.literals[segment] or new_node()
      node = node.literals[segment]
    end
  end
  local routes = node.operations[method] or {}
  routes[#routes + 1] = { name = name, labels = labels, query = query ~= "" and query or nil }
  node.operations[method] = routes
end

--- Makes a router.
---@param routes { [1]: string, [2]: string, [3]: string, [4]: string }[]  # method name, name, HTTP method, request URI
---@return table router
function router.new(routes)
  local self = setmetatable({ root = new_node() }, metatable)
  for _, route in ipairs(routes) do insert(self.root, route[2], route[3], route[4]) end
  return self
end

-- Whether a query string has a key (`delete`, with or without "=").
local function has_key(query, key)
  for pair in (query or ""):gmatch("[^&]+") do
    if uri.decode(pair:match("^[^=]*")) == key then return true end
  end
  return false
end

local function copy_of(list)
  local copy = {}
  for index, value in ipairs(list) do copy[index] = value end
  return copy
end

-- All nodes that a path can mean, the most literal first.
local function find_nodes(node, segments, index, values, found)
  local segment = segments[index]
  if segment == nil then
    if next(node.operations) then found[#found + 1] = { node = node, values = copy_of(values) } end
    return found
  end
  local literal = node.literals[uri.decode(segment)]
  if literal then find_nodes(literal, segments, index + 1, values, found) end
  if node.label and segment ~= "" then
    values[#values + 1] = uri.decode(segment)
    find_nodes(node.label, segments, index + 1, values, found)
    values[#values] = nil
  end
  return found
end

local function labels_of(route, values)
  local labels = {}
  for index, name in ipairs(route.labels) do labels[name] = values[index] end
  return labels
end

local function methods_of(found)
  local seen, names = {}, {}
  for _, candidate in ipairs(found) do
    for name in pairs(candidate.node.operations) do
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
  end
  table.sort(names)
  return names
end

--- Finds the operation of a request.
---@param method string
---@param path string  # as on the wire: escaped
---@param query? string  # as on the wire, without "?"
---@return { name: string, labels: table<string, string> }? match  # the operation's name, the labels by theirs
---@return string[]? allowed  # if the path is known but not with this method: the methods it has
function methods:match(method, path, query)
  local segments = segments_of(path)
  if not segments then return nil end
  local found = find_nodes(self.root, segments, 1, {}, {})
  for _, candidate in ipairs(found) do
    for _, route in ipairs(candidate.node.operations[method] or {}) do
      if not route.query or has_key(query, route.query) then
        return { name = route.name, labels = labels_of(route, candidate.values) }
      end
    end
  end
  if #found == 0 then return nil end
  return nil, methods_of(found)
end

return router

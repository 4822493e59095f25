--- Things by id, in the order in which they came: a map that can also be walked from the oldest or from the
--- newest, and from any place on, which is what a page token needs.

local registry = {}

local methods = {}
local metatable = { __name = "aws.backup.emulator.registry", __index = methods }

--- Makes an empty registry.
---@return table registry
function registry.new()
  return setmetatable({ items = {}, places = {}, by_place = {}, oldest = 1, newest = 0, count = 0 }, metatable)
end

--- Adds an item; its id must be free.
---@param id string
---@param item table
function methods:add(id, item)
  assert(self.items[id] == nil, "the id is taken")
  self.newest = self.newest + 1
  self.items[id], self.places[id], self.by_place[self.newest] = item, self.newest, item
  self.count = self.count + 1
end

--- The item of an id.
---@param id string
---@return table? item
function methods:get(id)
  return self.items[id]
end

--- Removes the item of an id, if there is one.
---@param id string
function methods:remove(id)
  local place = self.places[id]
  if not place then return end
  self.items[id], self.places[id], self.by_place[place] = nil, nil, nil
  self.count = self.count - 1
  while self.oldest <= self.newest and self.by_place[self.oldest] == nil do self.oldest = self.oldest + 1 end
end

local function walker(self, place, last, step)
  return function()
    while (last - place) * step > 0 do
      place = place + step
      local item = self.by_place[place]
      if item ~= nil then return place, item end
    end
    return nil
  end
end

--- Walks from the oldest item to the newest.
---@param after? number  # a place that a walk gave: begin behind it
---@return fun(): number?, table?  # place, item
function methods:oldest_first(after)
  return walker(self, after or self.oldest - 1, self.newest, 1)
end

--- Walks from the newest item to the oldest.
---@param after? number  # a place that a walk gave: begin behind it
---@return fun(): number?, table?  # place, item
function methods:newest_first(after)
  return walker(self, after or self.newest + 1, self.oldest, -1)
end

return registry

--- What is due when: a binary heap.

local agenda = {}
agenda.__index = agenda

--- An empty one.
function agenda.new()
  return setmetatable({ size = 0, times = {}, matters = {} }, agenda)
end

local function swap(list, first, second)
  list[first], list[second] = list[second], list[first]
end

local function exchange(self, first, second)
  swap(self.times, first, second)
  swap(self.matters, first, second)
end

---@param time number
---@param matter any
function agenda:add(time, matter)
  local place = self.size + 1
  self.size, self.times[place], self.matters[place] = place, time, matter
  while place > 1 do
    local above = math.floor(place / 2)
    if self.times[above] <= self.times[place] then return end
    exchange(self, above, place)
    place = above
  end
end

--- When the next matter is due; math.huge: there is none.
---@return number
function agenda:next_time()
  return self.times[1] or math.huge
end

local function earlier_below(self, place)
  local left, times = place * 2, self.times
  if left > self.size then return nil end
  if left < self.size and times[left + 1] < times[left] then return left + 1 end
  return left
end

--- Takes the next matter off.
---@return any matter
function agenda:take()
  local matter, last = self.matters[1], self.size
  exchange(self, 1, last)
  self.times[last], self.matters[last], self.size = nil, nil, last - 1
  local place, below = 1, earlier_below(self, 1)
  while below and self.times[below] < self.times[place] do
    exchange(self, below, place)
    place, below = below, earlier_below(self, below)
  end
  return matter
end

return agenda

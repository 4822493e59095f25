--- What will happen, and when: a queue of actions ordered by virtual time, then by the order in which they
--- were planned. While an action runs, `schedule.time` is the very moment it was due, so a jump over many
--- days leaves the same trace as many small steps.

local schedule = {}

local methods = {}
local metatable = { __name = "aws.backup.emulator.schedule", __index = methods }

--- Makes an empty schedule.
---@param time number  # the virtual time at which it begins, epoch seconds
---@return table schedule
function schedule.new(time)
  return setmetatable({ heap = {}, planned = 0, time = time }, metatable)
end

local function precedes(one, other)
  if one.due ~= other.due then return one.due < other.due end
  return one.number < other.number
end

local function sift_up(heap, index)
  while index > 1 do
    local parent = math.floor(index / 2)
    if not precedes(heap[index], heap[parent]) then return end
    heap[index], heap[parent] = heap[parent], heap[index]
    index = parent
  end
end

local function sift_down(heap)
  local index, count = 1, #heap
  while true do
    local first, left, right = index, 2 * index, 2 * index + 1
    if left <= count and precedes(heap[left], heap[first]) then first = left end
    if right <= count and precedes(heap[right], heap[first]) then first = right end
    if first == index then return end
    heap[index], heap[first] = heap[first], heap[index]
    index = first
  end
end

local function pop(heap)
  local top, last = heap[1], heap[#heap]
  heap[#heap] = nil
  if #heap > 0 then
    heap[1] = last
    sift_down(heap)
  end
  return top
end

--- Plans an action. One that is due already runs with the next `run`.
---@param due number  # virtual time, epoch seconds
---@param action fun()
---@return table event  # for `cancel`
function methods:at(due, action)
  self.planned = self.planned + 1
  local event = { due = due, number = self.planned, action = action }
  self.heap[#self.heap + 1] = event
  sift_up(self.heap, #self.heap)
  return event
end

--- Plans an action for `seconds` after the current moment.
---@param seconds number
---@param action fun()
---@return table event
function methods:after(seconds, action)
  return self:at(self.time + seconds, action)
end

--- Takes an event back; nothing happens if it is over already.
---@param event? table  # what `at` returned
function methods.cancel(_, event)
  -- It stays in the heap, empty, until its time comes: cheaper than searching for it.
  if event then event.action = nil end
end

--- Does everything that is due up to a moment, in order, including what those actions plan themselves.
---@param time number  # virtual time, epoch seconds; an earlier one than the last does nothing
function methods:run(time)
  local heap = self.heap
  while heap[1] and heap[1].due <= time do
    local event = pop(heap)
    if event.action then
      self.time = math.max(self.time, event.due)
      event.action()
    end
  end
  self.time = math.max(self.time, time)
end

return schedule

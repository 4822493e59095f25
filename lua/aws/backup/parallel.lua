--- Many calls at a time in one thread: `backup.parallel` runs a function for each item in a coroutine, and while one of
--- them waits (for an answer, before a retry, between two looks at a job) the others go on.
--
-- The function may use clients of any kind, their waits and parallel itself. What it raises is the result of its item,
-- and a table stays the table that it was. Where it waits for anything but a client nothing else goes on, and to wait
-- by yielding to another loop is an error.
--
-- Some calls can't wait beside others, because Lua can't yield there: in what table.sort or string.gsub call back, and
-- in a coroutine that the function has made itself. They are correct, but no further function is begun meanwhile. In
-- Lua 5.1 (not in LuaJIT) that goes for calls within pcall, a metamethod or the iterator of a `for` as well, and Ctrl-C
-- has to wait for them: use the pcall of coxpcall there.
--
-- What the calls of a client share, they share here: its connections (64 for all clients together; the option
-- max_connections gives one client its own), one fetch of credentials, and in the retry mode "adaptive" one send rate.
--
-- In a coroutine of another loop that loop goes on, too, if the clients have been given its runtime (see
-- aws.backup.runtime.foreign). In nginx the functions run in light threads, and may wait for whatever nginx can.

local check_options = require("aws.backup.options").check
local errors = require "aws.backup.errors"
local light_threads = require "aws.backup.runtime.light_threads"
local phase = require "aws.backup.runtime.phase"
local raise = require "aws.backup.raise"
local scheduler = require "aws.backup.runtime.scheduler"
local sequence = require "aws.backup.codec.sequence"

local parallel = {}

local DEFAULT_CONCURRENCY = 64
local MOST_AT_ONCE = 65535

---@class aws.backup.ParallelOptions
---@field concurrency? integer  # how many functions are under way at most: 64
---@field on_progress? fun(done: integer, total: integer, item: any, result: aws.backup.ParallelResult)

---@alias aws.backup.ParallelResult { ok: true, value: any } | { ok: false, error: any }

local OPTIONS = {
  concurrency = function(value)
    return type(value) == "number" and value >= 1 and value <= MOST_AT_ONCE and value % 1 == 0,
      "a whole number from 1 to " .. MOST_AT_ONCE
  end,
  on_progress = function(value) return type(value) == "function", "a function" end,
}

-- The gathering of a call (see aws.backup.runtime.scheduler).
local gathering = {}
gathering.__index = gathering

local function report(self, item, result)
  self.reports = self.reports + 1
  self.scheduler:spawn(self, function(reported, failure)
    self.reports = self.reports - 1
    if not reported then self.failure = self.failure or { value = failure } end
  end, self.on_progress, self.total - self.left, self.total, item, result)
end

local function conclude(self, index, result)
  self.results[index] = result
  self.running, self.left = self.running - 1, self.left - 1
  if self.on_progress then report(self, self.items[index], result) end
end

local function take(self)
  self.started, self.running = self.started + 1, self.running + 1
  return self.started
end

-- Goes through items, one after the other, in one coroutine; a function that raises ends it.
local function spawn_worker(self)
  local index = take(self)
  self.scheduler:spawn(self, function(fine, failure)
    if not fine then conclude(self, index, { ok = false, error = failure }) end
  end, function()
    while index do
      local value = self.fn(self.items[index], index)
      conclude(self, index, { ok = true, value = value })
      index = self:has_more() and self.scheduler:takes_more(self) and take(self)
    end
  end)
end

function gathering:has_more()
  return self.started < self.total and not self.failure
end

function gathering:start_more()
  while self.running < self.concurrency and self:has_more() do spawn_worker(self) end
end

function gathering:is_over()
  return self.failure ~= nil or self.left == 0 and self.reports == 0
end

-- In the phases of nginx that can't wait there are no coroutines either.
local function run_in_turn(gathered)
  gathered.scheduler = {
    spawn = function(_, _, ended, fn, ...) ended(pcall(fn, ...)) end,
    takes_more = function() return true end,
    cancel = function() end,
  }
  gathered:start_more()
end

local function run_gathering(gathered)
  local name = phase.current()
  if name == nil or name == "init" then
    scheduler.run(gathered)
  elseif phase.may_wait(name) then
    light_threads.run(gathered)
  else
    run_in_turn(gathered)
  end
end

local function refuse(class, message)
  raise(errors.new(class, { message = message }))
end

local function check_arguments(items, fn, options)
  if type(items) ~= "table" then
    refuse("ClientError", "the items of parallel must be a list, not a " .. type(items)
      .. "; collect what an iterator gives into a table first")
  end
  local count, fault = sequence.length(items)
  if not count then refuse("ClientError", "the items of parallel " .. fault .. "; give an array") end
  if type(fn) ~= "function" then
    refuse("ClientError", "parallel must be given a function(item, index) after the items, not a " .. type(fn))
  end
  local fine, message = check_options(options, OPTIONS, "parallel")
  if not fine then refuse("ConfigError", message) end
  return count
end

--- See backup.parallel.
---@param items any[]
---@param fn fun(item: any, index: integer): any
---@param options? aws.backup.ParallelOptions
---@return aws.backup.ParallelResult[]
function parallel.run(items, fn, options)
  options = options == nil and {} or options
  local count = check_arguments(items, fn, options)
  local gathered = setmetatable({
    items = items, fn = fn, total = count, concurrency = options.concurrency or DEFAULT_CONCURRENCY,
    on_progress = options.on_progress, results = {}, started = 0, running = 0, left = count, reports = 0,
  }, gathering)
  run_gathering(gathered)
  if gathered.failure then
    gathered.scheduler:cancel(gathered, gathered.failure.value)
    raise(gathered.failure.value)
  end
  return gathered.results
end

return parallel

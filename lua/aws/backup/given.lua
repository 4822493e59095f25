--- Functions that a caller hands in: clock, sleep, hooks and the like. What one of them raises, or returns in place of
-- what it is asked for, becomes an error that names the option, instead of a fault somewhere inside.

local errors = require "aws.backup.errors"
local number = require "aws.backup.codec.number"
local protect = require "aws.backup.protect"
local raise = require "aws.backup.raise"
local scheduler = require "aws.backup.runtime.scheduler"
local visible = require "aws.backup.codec.visible"

local given = {}

local function shown(value)
  if type(value) == "number" then return number.shown(value) end
  return value == nil and "nothing" or "a " .. type(value)
end

-- What the caller raised on purpose to be caught, as an error of ours is, stays what it is.
local function fail(option, raised)
  scheduler.pass_on(raised)
  if errors.is(raised, "Error") then raise(raised) end
  raise(errors.new("ClientError", {
    message = ("the option %s: the function raised an error: %s"):format(option, visible.value(raised)),
  }))
end

local function settle(option, check, ran, value, ...)
  if not ran then fail(option, value) end
  if check then
    local fits, rule = check(value)
    if not fits then
      raise(errors.new("ClientError", {
        message = ("the option %s: the function must return %s, not %s"):format(option, rule, shown(value)),
      }))
    end
  end
  return value, ...
end

--- A function of the caller's, made safe.
---@param option string  that it is the value of
---@param fn function  or whatever can be called
---@param check? fun(value: any): boolean, string  whether what it returns will do, and what it must return
---@return function
function given.guard(option, fn, check)
  local function call(...) return fn(...) end
  return function(...) return settle(option, check, protect(call, ...)) end
end

-- A function that yields to the caller's loop runs in the coroutine that the loop knows: it may note that for the loop
-- to resume it. In Lua 5.1 such a coroutine can't be protected, so what the function raises there goes on as it is.
local function guard_yielding(option, fn, check)
  local guarded = given.guard(option, fn, check)
  if protect == pcall then return guarded end
  return function(...)
    if coroutine.running() then return settle(option, check, true, fn(...)) end
    return guarded(...)
  end
end

--- A table whose functions are the caller's and may yield to a loop: a copy with some of them made safe.
---@param option string
---@param functions table
---@param names string[]
---@param check? fun(value: any): boolean, string
---@return table
function given.guard_all(option, functions, names, check)
  local guarded = setmetatable({}, { __index = functions })
  for _, name in ipairs(names) do
    if functions[name] ~= nil then guarded[name] = guard_yielding(option .. "." .. name, functions[name], check) end
  end
  return guarded
end

local function is_number(value)
  return type(value) == "number" and value == value
end

-- What each of the options that stand for the system must return.
local CHECKS = {
  clock = function(value) return type(value) == "number", "seconds since the epoch" end,
  monotonic = function(value) return is_number(value), "a number of seconds" end,
  random = function(value) return is_number(value) and value >= 0 and value <= 1, "a number from 0 to 1" end,
  uuid = function(value) return type(value) == "string" and value:find("^[\33-\126]+$") ~= nil, "a UUID" end,
}

--- The function of an option that stands for the system, made safe.
---@param option "clock"|"monotonic"|"random"|"uuid"
---@param fn? function  nil: it was not given
---@return function? guarded
function given.system(option, fn)
  return fn and given.guard(option, fn, CHECKS[option])
end

return given

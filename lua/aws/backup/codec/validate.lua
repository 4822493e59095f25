--- Checks parameters against an operation's input and finds all faults at once.
---
--- Most parameters are fine, which `accept` tells sooner; what it does not accept is gone through here.
---
--- Each fault names its path, the rule and the way out, and the value unless the model calls it sensitive. Enums are
--- open: new values must pass; only one that differs from a known value by the case of its letters is a fault.

local accept = require "aws.backup.codec.accept"
local ascii = require "aws.backup.ascii"
local enums = require "aws.backup.codec.enums"
local json = require "aws.backup.codec.json"
local path = require "aws.backup.codec.path"
local patterns = require "aws.backup.codec.patterns"
local rules = require "aws.backup.codec.rules"
local scalar = require "aws.backup.codec.scalar"
local sequence = require "aws.backup.codec.sequence"
local visible = require "aws.backup.codec.visible"
local core = require "aws.backup.core"
local habits = require "aws.backup.habits"
local nearest = require "aws.backup.nearest"

local validate = {}

-- Deeper than any model; a table that contains itself ends here.
local MAX_DEPTH = 64

-- How much of a value a message shows.
local SHOWN = 60

local is_null = json.is_null

local function shown(value)
  if type(value) == "string" then return '"' .. visible.text(value, SHOWN) .. '"' end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  return "a " .. type(value)
end

--- Adds a violation. The message is the rule, and after a semicolon the way out; between them goes the value: nil
--- where there is nothing to show.
local function report(state, where, rule, message, value)
  if value ~= nil and state.sensitive == 0 then
    local wanted, remedy = message:match("^([^;]*)(.*)$")
    message = wanted .. ", not " .. shown(value) .. remedy
  end
  state.violations[#state.violations + 1] = { path = where, message = state.prefix .. message, rule = rule }
  state.faulty[where] = true
end

local check

local function expect_table(state, value, where, wanted)
  if type(value) == "table" then return true end
  report(state, where, "type", ("must be %s, not a %s"):format(wanted, type(value)))
  return false
end

--- The first member whose name begins so, for names that were cut short.
local function first_beginning(shape, name)
  for _, member in ipairs(shape.members) do
    if #name >= 4 and ascii.lower(member.name:sub(1, #name)) == ascii.lower(name) then return member.name end
  end
  return nil
end

--- The member that an unknown name probably stands for: the name under any spelling, or what it is on the wire.
local function suggestion(shape, name)
  local candidates, by_wire = {}, {}
  for _, member in ipairs(shape.members) do
    candidates[member.name] = true
    if not shape.by_name[member.wire] then
      candidates[member.wire], by_wire[member.wire] = true, member.name
    end
  end
  local by_habit = not by_wire[name] and habits.member(shape, name)
  if by_habit then return by_habit end
  local found = nearest.among(name, candidates)
  return found and (by_wire[found] or found) or first_beginning(shape, name)
end

-- How many members a message lists.
local MOST_LISTED = 20

--- The members that there are, for the end of a message.
local function listed(shape, begin)
  local names = {}
  for index = 1, math.min(#shape.members, MOST_LISTED) do names[index] = shape.members[index].name end
  if not names[1] then return "" end
  if #shape.members > MOST_LISTED then names[#names + 1] = ("and %d more"):format(#shape.members - MOST_LISTED) end
  return begin .. table.concat(names, ", ")
end

local function check_unknown(state, shape, value, where)
  local unknown = {}
  for key, item in pairs(value) do
    if not shape.by_name[key] and not is_null(item) then unknown[#unknown + 1] = tostring(key) end
  end
  table.sort(unknown)
  for index, name in ipairs(unknown) do
    local meant = suggestion(shape, name)
    -- Once is enough for a structure.
    local members = index == 1 and listed(shape, meant and " There are " or "; there are ") or ""
    report(state, path.member(where, visible.text(name, SHOWN)), "unknown",
      (meant and ("is no member here; did you mean %s?"):format(meant) or "is no member here") .. members)
  end
end

local function check_documented(state, shape, value, where)
  for _, rule in ipairs(rules.BY_SHAPE[shape.name] or {}) do
    rule(value, function(member, offending, message)
      local member_path = path.join(where, member)
      -- A value that is wrong already needs no second fault.
      if offending == nil or not state.faulty[member_path] then
        report(state, member_path, "documented", message, offending)
      end
      return false
    end, core.utf8_length)
  end
end

local function check_structure(state, shape, value, where, depth)
  if not expect_table(state, value, where, "a table") then return end
  check_unknown(state, shape, value, where)
  local set = 0
  for _, member in ipairs(shape.members) do
    local item = value[member.name]
    local member_path = path.member(where, member.name)
    if not is_null(item) then
      set = set + 1
      check(state, member.shape, item, member_path, depth + 1, member)
    elseif member.required then
      report(state, member_path, "required", "is required, but absent")
    end
  end
  if shape.union and set ~= 1 then
    report(state, where, "union", ("must have exactly one member set, but has %d"):format(set))
  end
  if state.documented then check_documented(state, shape, value, where) end
end

local NOUNS = { string = "characters", blob = "bytes", list = "items", map = "entries" }

local function plural(count, noun)
  return ("%d %s"):format(count, count == 1 and noun:gsub("ies$", "y"):gsub("s$", "") or noun)
end

--- Checks a length against the model's limits.
local function check_length(state, shape, length, where)
  local noun = NOUNS[shape.type]
  if shape.min and length < shape.min then
    report(state, where, "min", ("must have at least %s, but has %d"):format(plural(shape.min, noun), length))
  elseif shape.max and state.full and length > shape.max then
    report(state, where, "max", ("must have at most %s, but has %d"):format(plural(shape.max, noun), length))
  end
end

local function check_list(state, shape, value, where, depth)
  if not expect_table(state, value, where, "a list") then return end
  local count, fault = sequence.length(value)
  if not count then return report(state, where, "type", fault) end
  check_length(state, shape, count, where)
  for index = 1, count do
    if not is_null(value[index]) then check(state, shape.item, value[index], path.item(where, index), depth + 1) end
  end
end

--- The keys of a map, in a fixed order so that messages do not depend on the order of `pairs`.
local function sorted_keys(value)
  local keys = {}
  for key, item in pairs(value) do
    if not is_null(item) then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

--- Checks a key and its value. What is sensitive has no path of its own: that would show the key.
local function check_entry(state, shape, key, item, where, depth)
  local prefix, hidden = state.prefix, state.sensitive > 0
  local entry_path = hidden and where or path.member(where, visible.text(key, SHOWN))
  state.prefix = hidden and "a key in it " or "the key "
  check(state, shape.key, key, entry_path, depth)
  state.prefix = hidden and "a value in it " or ""
  check(state, shape.value, item, entry_path, depth)
  state.prefix = prefix
end

local function check_map(state, shape, value, where, depth)
  if not expect_table(state, value, where, "a table") then return end
  local keys = sorted_keys(value)
  check_length(state, shape, #keys, where)
  for _, key in ipairs(keys) do
    if type(key) ~= "string" then
      local fault = "must have string keys, but has a key that is a %s; write it as { key = value }"
      report(state, where, "type", fault:format(type(key)))
    else
      check_entry(state, shape, key, value[key], where, depth + 1)
    end
  end
end

--- What the place of a text forbids, whatever its shape says. False if something was reported.
local function check_place(state, member, text, where)
  if member.location == "uri" and text == "" then
    report(state, where, "label", "must not be empty: it is part of the request's path")
  elseif member.location == "uri" and (text == "." or text == "..") then
    report(state, where, "label", "must not be a directory name: it is part of the request's path", text)
  elseif member.page_token and text == "" then
    -- The service takes it for a token of its own that has gone bad, and says so.
    report(state, where, "token", "must not be empty; leave it out for the first page")
  else
    return true
  end
  return false
end

local function check_string(state, shape, value, where, _, member)
  local text, message, rule = scalar.string(value)
  if not text then return report(state, where, rule, message) end
  if member and not check_place(state, member, text, where) then return end
  check_length(state, shape, (core.utf8_length(text)), where)
  if not state.full then return end
  local fine, wanted = patterns.check(shape, text, member and member.owner)
  if not fine then report(state, where, "pattern", "must be " .. wanted, text) end
  local meant = enums.meant(shape, text)
  if meant then
    local wanted_value = state.sensitive == 0 and ('must be "%s"'):format(meant) or "must be in the model's own letters"
    report(state, where, "case", wanted_value .. "; upper and lower case count", text)
  end
end

local function check_integer(state, shape, value, where)
  local integer, message, rule = scalar.integer(shape, value)
  if not integer then return report(state, where, rule, message, type(value) == "number" and value or nil) end
  if shape.min and integer < shape.min then
    report(state, where, "min", ("must be at least %d"):format(shape.min), value)
  elseif shape.max and state.full and integer > shape.max then
    report(state, where, "max", ("must be at most %d"):format(shape.max), value)
  end
end

local function check_timestamp(state, _, value, where)
  local seconds, message, rule = scalar.timestamp(value)
  if not seconds then report(state, where, rule, message, type(value) ~= "table" and value or nil) end
end

--- Types that have nothing but their writing to check.
local function check_writable(state, shape, value, where)
  local text, message, rule = scalar.write(shape, value, "iso8601")
  if not text then return report(state, where, rule, message) end
  if shape.type == "blob" then check_length(state, shape, #value, where) end
end

local CHECKERS = {
  structure = check_structure, list = check_list, map = check_map, string = check_string,
  integer = check_integer, long = check_integer, timestamp = check_timestamp,
}

function check(state, shape, value, where, depth, member)
  if depth > MAX_DEPTH then
    -- One report is enough: every other branch of a table that contains itself would add its own.
    if not state.too_deep then report(state, where, "depth", "is nested too deep; does a table contain itself?") end
    state.too_deep = true
    return
  end
  local checker = CHECKERS[shape.type] or check_writable
  -- Within a sensitive shape no value is shown, and of a map no key either.
  if not shape.sensitive then return checker(state, shape, value, where, depth, member) end
  state.sensitive = state.sensitive + 1
  checker(state, shape, value, where, depth, member)
  state.sensitive = state.sensitive - 1
end

-- What an operation without input takes.
local NO_INPUT = { type = "structure", members = {}, by_name = {} }

--- Finds everything that is wrong with the parameters of an operation.
---@param operation aws.backup.codec.Operation
---@param params table
---@param level true|"shape"
---@return { path: string, message: string, rule: string }[] violations  # empty: they are fine
function validate.violations(operation, params, level)
  local full = level == true
  local state = {
    violations = {}, full = full, documented = full and operation.documented or false, sensitive = 0,
    prefix = "", faulty = {},
  }
  check(state, operation.input or NO_INPUT, params, "", 1)
  return state.violations
end

local function accepts(operation, params, full)
  local acceptor = operation.acceptors[full]
  if not acceptor then
    acceptor = accept.compile(operation.input or NO_INPUT, full, full and operation.documented)
    operation.acceptors[full] = acceptor
  end
  return acceptor(params)
end

--- Checks the parameters of an operation.
---@param operation aws.backup.codec.Operation
---@param params? table
---@param level true|"shape"  # "shape": the model's required members, types, minima and label rules; true: its
---  maxima, patterns and AWS's documented rules as well
---@return true? fine
---@return { path: string, message: string, rule: string }[]? violations
function validate.check(operation, params, level)
  params = params or {}
  if accepts(operation, params, level == true) then return true end
  local violations = validate.violations(operation, params, level)
  if #violations == 0 then return true end
  return nil, violations
end

return validate

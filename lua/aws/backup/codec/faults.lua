--- The sentences about parameters that are not fine. The C core finds what is wrong and says it in records (rule,
--- place, numbers, and the value unless it is sensitive): see `src/lua_walk.h`. Each sentence names the rule and the
--- way out.

local ascii = require "aws.backup.ascii"
local habits = require "aws.backup.habits"
local nearest = require "aws.backup.nearest"
local path = require "aws.backup.codec.path"
local patterns = require "aws.backup.codec.patterns"
local rules = require "aws.backup.codec.rules"
local visible = require "aws.backup.codec.visible"

local faults = {}

-- How much of a value, or of a key, a message shows.
local SHOWN = 60

local function shown(value)
  if type(value) == "string" then return '"' .. visible.text(value, SHOWN) .. '"' end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
  return "a " .. type(value)
end

-- By the numbers that `enum awsb_type` gives them.
local NOUNS = { [0] = "characters", [7] = "bytes", [8] = "items", [9] = "entries" }

local function amount(count, kind)
  local noun = NOUNS[kind]
  if count == 1 then noun = noun:gsub("ies$", "y"):gsub("s$", "") end
  return ("%d %s"):format(count, noun)
end

local function limit_sentence(fault, few_or_many)
  if not fault.length then return ("must be at %s %d"):format(few_or_many, fault.limit) end
  return ("must have at %s %s, but has %d"):format(few_or_many, amount(fault.limit, fault.kind), fault.length)
end

local WANTED = {
  string = "a string", boolean = "true or false", list = "a list", table = "a table", number = "a number",
  blob = "a string of bytes",
}

local INTEGER_REASONS = {
  fraction = "must be a whole number",
  range = "must fit in 64 bits",
  precision = "is 2^53 or more, where this Lua's numbers may have been rounded already",
  ["32 bits"] = "must fit in 32 bits (-2147483648 to 2147483647)",
}

local TIME_REASONS = {
  text = "must be an ISO 8601 date or time such as 2026-01-02T03:04:05Z; or pass seconds since the epoch",
  range = "must lie in the years 1 to 9999; a time is in seconds, not milliseconds",
}

--- The first member whose name begins so, for names that were cut short.
local function first_beginning(members, name)
  for _, member in ipairs(members) do
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
  return found and (by_wire[found] or found) or first_beginning(shape.members, name)
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

-- What an operation without input takes.
local NO_INPUT = { members = {}, by_name = {} }

-- By rule: the sentence, and what the violation's own rule is called where that is another.
local SENTENCES = {
  token = function() return "must not be empty; leave it out for the first page" end,
  required = function() return "is required, but absent" end,
  utf8 = function(fault) return ("must be UTF-8; byte %d begins no character"):format(fault.position) end,
  min = function(fault) return limit_sentence(fault, "least") end,
  max = function(fault) return limit_sentence(fault, "most") end,
  pattern = function(fault) return "must be " .. patterns.description(fault.pattern) end,
  union = function(fault) return ("must have exactly one member set, but has %d"):format(fault.count) end,
  depth = function() return "is nested too deep; does a table contain itself?" end,
  header = function() return "must not contain control characters: it is sent as a header", "type" end,
  documented = function(fault) return rules.message(fault) end,
}

SENTENCES["case"] = function(fault)
  local wanted = fault.hidden and "must be in the model's own letters" or ('must be "%s"'):format(fault.meant)
  return wanted .. "; upper and lower case count"
end

function SENTENCES.type(fault)
  if fault.wanted == "placed" then return "has a type that has no place here" end
  local remedy = fault.wanted == "string" and fault.got == "number" and "; use tostring() or quotes" or ""
  return ("must be %s, not a %s%s"):format(WANTED[fault.wanted], fault.got, remedy)
end

function SENTENCES.integer(fault)
  local reason = fault.reason
  if reason == "type" then return "must be an integer, not a " .. fault.got, "type" end
  return INTEGER_REASONS[reason], reason == "fraction" and "type" or "range"
end

function SENTENCES.time(fault)
  if fault.reason == "type" then
    return "must be seconds since the epoch or an ISO 8601 text, not a " .. fault.got, "type"
  end
  return TIME_REASONS[fault.reason], fault.reason == "text" and "type" or "range"
end

function SENTENCES.label(fault)
  if fault.value == nil and not fault.hidden then return "must not be empty: it is part of the request's path" end
  return "must not be a directory name: it is part of the request's path"
end

function SENTENCES.list(fault)
  if fault.hole then return ("must be a list without holes, but item %d is missing"):format(fault.hole), "type" end
  local key = type(fault.key) == "string" and "a string key" or "the key " .. tostring(fault.key)
  return "must be a list, but has " .. key, "type"
end

function SENTENCES.keys(fault)
  local sentence = "must have string keys, but has a key that is a %s; write it as { key = value }"
  return sentence:format(fault.got), "type"
end

function SENTENCES.unknown(fault, find_shape)
  local shape = find_shape(fault.shape) or NO_INPUT
  local meant = suggestion(shape, tostring(fault.name))
  -- Once is enough for a structure.
  local members = fault.is_first and listed(shape, meant and " There are " or "; there are ") or ""
  return (meant and ("is no member here; did you mean %s?"):format(meant) or "is no member here") .. members
end

--- The place of a fault; of an unknown member, that of its structure if this is asked for. What stands in a sensitive
--- map has none of its own: that would show its key.
local function place_of(fault, of_structure)
  local where = ""
  for _, part in ipairs(fault.at) do
    if part == false then break end
    if type(part) == "number" then
      where = path.item(where, part)
    else
      where = path.member(where, visible.text(part, SHOWN))
    end
  end
  if fault.rule ~= "unknown" or of_structure then return where end
  return path.member(where, visible.text(tostring(fault.name), SHOWN))
end

local function prefix_of(fault)
  if not fault.part then return "" end
  if fault.hidden then return ("a %s in it "):format(fault.part) end
  return fault.part == "key" and "the key " or ""
end

--- The message is the rule, and after a semicolon the way out; between them goes the value.
local function with_value(message, value)
  if value == nil then return message end
  local wanted, remedy = message:match("^([^;]*)(.*)$")
  return wanted .. ", not " .. shown(value) .. remedy
end


local function by_name(one, other) return tostring(one.name) < tostring(other.name) end

--- Sorts the unknown members of each structure, which the core finds in no order: they come one after the other.
local function in_order(found)
  local sorted, unknown = {}, {}
  local function take_unknown()
    table.sort(unknown, by_name)
    for index, fault in ipairs(unknown) do
      fault.is_first = index == 1
      sorted[#sorted + 1] = fault
    end
    unknown = {}
  end
  for _, fault in ipairs(found) do
    local last = unknown[1]
    if last and not (fault.rule == "unknown" and place_of(last, true) == place_of(fault, true)) then take_unknown() end
    if fault.rule == "unknown" then unknown[#unknown + 1] = fault else sorted[#sorted + 1] = fault end
  end
  take_unknown()
  return sorted
end

--- Makes violations of what the core found.
---@param find_shape fun(name: string): aws.backup.codec.Shape?
---@param found table[]  # records
---@return { path: string, message: string, rule: string }[]
function faults.violations(find_shape, found)
  local violations = {}
  for index, fault in ipairs(in_order(found)) do
    local message, rule = SENTENCES[fault.rule](fault, find_shape)
    violations[index] = {
      path = place_of(fault), message = prefix_of(fault) .. with_value(message, fault.value), rule = rule or fault.rule,
    }
  end
  return violations
end

return faults

--- What a tag may look like. Tags are sensitive: no text made here quotes one.

local ascii = require "aws.backup.ascii"
local core = require "aws.backup.core"

local failure = require "aws.backup.emulator.failure"

local tag_rules = {}

-- Source: API reference of StartBackupJob and TagResource.
local LONGEST_KEY = 128
local LONGEST_VALUE = 256

--- The most tags that a user may put on one thing.
tag_rules.MOST = 50

-- Letters of other alphabets are good: what is not ASCII is not looked at further.
local FOREIGN_TO_TAGS = "[^A-Za-z0-9 +%-=._:/@\128-\255]"

local function fault_in_key(key)
  local length = core.utf8_length(key)
  if not length or length < 1 or length > LONGEST_KEY then return "a key must have 1 to 128 characters" end
  if ascii.lower(key):find("^aws:") then return "keys that begin with aws: are reserved" end
  if key:find(FOREIGN_TO_TAGS) then return "a key may hold letters, digits, spaces and + - = . _ : / @ only" end
end

local function fault_in_value(value)
  local length = core.utf8_length(value)
  if not length or length > LONGEST_VALUE then return "a value must have at most 256 characters" end
  if value:find(FOREIGN_TO_TAGS) then return "a value may hold letters, digits, spaces and + - = . _ : / @ only" end
end

--- Checks tags.
---@param tags table<string, string>
---@param member string  # the parameter they came in, for the message
---@return table<string, string>? tags  # a copy
---@return table? failure
function tag_rules.check(tags, member)
  local copy = {}
  for key, value in pairs(tags) do
    local fault = fault_in_key(key) or fault_in_value(value)
    if fault then return failure.invalid(("Invalid %s: %s"):format(member, fault)) end
    copy[key] = value
  end
  return copy
end

--- How many tags there are.
---@param tags table<string, string>
---@return integer
function tag_rules.count(tags)
  local count = 0
  for _ in pairs(tags) do count = count + 1 end
  return count
end

return tag_rules

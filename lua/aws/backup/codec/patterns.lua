--- The model's regular expressions, each as a function: Lua's patterns have neither alternation nor lookbehind.
---
--- An expression that is not anchored matches anywhere in the text, as in AWS's own SDKs. An expression that is not
--- listed here is not checked at all, so a newer model never refuses what the service would take; one that is listed is
--- checked where `exceptions` lets it.

local exceptions = require "aws.backup.codec.exceptions"

local patterns = {}

--- A matcher of a Lua pattern.
local function matches(pattern)
  return function(text) return text:find(pattern) ~= nil end
end

--- A matcher of a Lua pattern whose match must have a length, as `{min,max}` at the end of an expression.
local function of_length(pattern, min, max)
  return function(text) return #text >= min and #text <= max and text:find(pattern) ~= nil end
end

local vault_name = of_length("^[a-zA-Z0-9%-_]+$", 2, 50)

--- The names that S3 keeps for itself: an access point must not end like one.
local function is_reserved(name)
  return name:sub(-8) == "-s3alias" or name:sub(-12) == "-ext-s3alias"
end

--- `[\da-z]{1}[\da-z-]{1,48}[\da-z]{1}(?<!-s3alias)(?<!-ext-s3alias)` from a position on.
local function access_point_name_at(text, position)
  local run = text:sub(position, position + 49):match("^[0-9a-z][0-9a-z-]+")
  if not run then return false end
  for length = 3, math.min(#run, 50) do
    local name = run:sub(1, length)
    if name:find("[0-9a-z]$") and not is_reserved(name) then return true end
  end
  return false
end

local function access_point_name(text)
  for position = 1, #text do
    if access_point_name_at(text, position) then return true end
  end
  return false
end

local function access_point_arn(text)
  for position in text:gmatch("arn:aws[a-z-]*:backup:[a-z0-9-]+:%d%d%d%d%d%d%d%d%d%d%d%d:accesspoint/()") do
    if access_point_name_at(text, position) then return true end
  end
  return false
end

local MATCHERS = {
  [ [[(arn:aws[a-z-]*:backup:[a-z-\d]+:\d{12}:accesspoint/)[\da-z]{1}[\da-z-]{1,48}[\da-z]{1}]]
    .. [[(?<!-s3alias)(?<!-ext-s3alias)]] ] = access_point_arn,
  [ [[[\da-z]{1}[\da-z-]{1,48}[\da-z]{1}(?<!-s3alias)(?<!-ext-s3alias)]] ] = access_point_name,
  [ [[^[0-9]{12}$]] ] = of_length("^[0-9]+$", 12, 12),
  [ [[^[a-zA-Z0-9\-\_\.]{1,50}$]] ] = of_length("^[a-zA-Z0-9%-_.]+$", 1, 50),
  [ [[^[a-zA-Z0-9\-\_]{2,50}$]] ] = vault_name,
  [ [[^(\*|[a-zA-Z0-9\-\_]{2,50})$]] ] = function(text) return text == "*" or vault_name(text) end,
  [ [[.*\S.*]] ] = matches("%S"),
  -- Not anchored here, but the service's own model anchors it.
  [ [[[a-zA-Z][_a-zA-Z0-9]*]] ] = matches("^[a-zA-Z][_a-zA-Z0-9]*$"),
  [ [[(arn:aws[a-z-]*:[a-z-\d]+:[a-z-\d]+:).+]] ] = matches("arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]+:[^\n]"),
  [ [[(arn:aws[a-z-]*:[a-z-\d]+:).+]] ] = matches("arn:aws[a-z-]*:[a-z0-9-]+:[^\n]"),
  [ [[^[a-zA-Z0-9_]{1,200}$]] ] = of_length("^[a-zA-Z0-9_]+$", 1, 200),
}

-- What each asks for, for people.
local DESCRIPTIONS = {
  [ [[^[0-9]{12}$]] ] = "12 digits",
  [ [[^[a-zA-Z0-9\-\_\.]{1,50}$]] ] = "1 to 50 letters, digits, hyphens, underscores or dots",
  [ [[^[a-zA-Z0-9\-\_]{2,50}$]] ] = "2 to 50 letters, digits, hyphens or underscores",
  [ [[^(\*|[a-zA-Z0-9\-\_]{2,50})$]] ] = "* or 2 to 50 letters, digits, hyphens or underscores",
  [ [[.*\S.*]] ] = "at least one character that is no blank",
  [ [[[a-zA-Z][_a-zA-Z0-9]*]] ] = "a letter, then letters, digits or underscores",
  [ [[^[a-zA-Z0-9_]{1,200}$]] ] = "1 to 200 letters, digits or underscores",
}

--- True if the expression is known.
---@param expression string
---@return boolean
function patterns.is_known(expression)
  return MATCHERS[expression] ~= nil
end

--- Whether a text matches an expression, wherever that holds. One that is not known matches everything.
---@param expression? string
---@param text string
---@return boolean
function patterns.matches(expression, text)
  local matcher = expression and MATCHERS[expression]
  return not matcher or matcher(text)
end

--- Whether the pattern of a shape is a rule where the shape stands.
---@param name string  # of the shape
---@param owner? string  # the structure that it is a member of; nil: it is an item, a key or a value
---@return boolean
function patterns.holds(name, owner)
  local holds_in = exceptions[name] and exceptions[name].holds_in
  return not holds_in or owner ~= nil and holds_in[owner] == true
end

--- What a text must match where it stands.
---@param shape { name: string, pattern: string? }
---@param owner? string  # see `holds`
---@return (fun(text: string): boolean)?  # nil: anything goes
function patterns.matcher(shape, owner)
  local matcher = shape.pattern and MATCHERS[shape.pattern]
  if not matcher or not patterns.holds(shape.name, owner) then return nil end
  local takes = exceptions[shape.name] and exceptions[shape.name].takes
  return takes and function(text) return takes[text] == true or matcher(text) end or matcher
end

--- What an expression asks for, for people.
---@param expression string
---@return string
function patterns.description(expression)
  return DESCRIPTIONS[expression] or "a match of " .. expression
end

--- Checks a text against the pattern of its shape.
---@param shape { name: string, pattern: string? }
---@param text string
---@param owner? string  # see `holds`
---@return boolean fine
---@return string? wanted  # what the pattern asks for
function patterns.check(shape, text, owner)
  local matcher = patterns.matcher(shape, owner)
  if not matcher or matcher(text) then return true end
  return false, patterns.description(shape.pattern)
end

return patterns

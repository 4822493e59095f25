--- Pages: MaxResults and NextToken. A token names the place where the page before it ended; it is signed
--- with the emulator's own key, so that a foreign one, or one of another listing, is refused.

local core = require "aws.backup.core"

local failure = require "aws.backup.emulator.failure"
local fingerprint = require "aws.backup.emulator.fingerprint"

local paging = {}

-- The service documents no default; this is the most that a caller may ask for.
local DEFAULT_PAGE = 1000
local SEAL_DIGITS = 32

local PAGING_MEMBERS = { NextToken = true, MaxResults = true }

local function seal(world, operation, params, position)
  local text = table.concat({ operation, fingerprint.of(params, PAGING_MEMBERS), position }, "\n")
  return core.hex(core.hmac_sha256(world.token_key, text)):sub(1, SEAL_DIGITS)
end

local function make_token(world, operation, params, place)
  local position = type(place) == "number" and ("n%d"):format(place) or "s" .. core.hex(place)
  return seal(world, operation, params, position) .. position
end

local function unhex(digits)
  return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function read_token(world, operation, params, token)
  local given, position = token:sub(1, SEAL_DIGITS), token:sub(SEAL_DIGITS + 1)
  if not core.equal(given, seal(world, operation, params, position)) then
    return failure.invalid("Invalid NextToken: it was not given for this listing")
  end
  if position:sub(1, 1) == "n" then return tonumber(position:sub(2)) end
  return unhex(position:sub(2))
end

--- Cuts the page that a call asks for out of a walk.
---@param world table
---@param operation string  # its name: a token is good for one operation and one set of filters
---@param params table  # of the call
---@param walk fun(after: any): fun(): any, any  # gives place (number or string), item, from behind a place on
---@param keep fun(item: any): boolean  # the filter
---@return any[]? items
---@return (string|table)? token  # of the next page; nil on the last. With items nil: the failure
function paging.cut(world, operation, params, walk, keep)
  local after, refusal
  if params.NextToken then
    after, refusal = read_token(world, operation, params, params.NextToken)
    if refusal then return nil, refusal end
  end
  local size, items, last = params.MaxResults or DEFAULT_PAGE, {}, nil
  for place, item in walk(after) do
    if keep(item) then
      if #items == size then return items, make_token(world, operation, params, last) end
      items[#items + 1], last = item, place
    end
  end
  return items
end

--- Renders the items of a page into an output.
---@param member string  # the output's list
---@param items any[]?  # what `cut` returned
---@param token (string|table)?
---@param render fun(item: any): table
---@return table? output
---@return table? failure
function paging.render(member, items, token, render)
  if not items then return nil, token end
  local rendered = {}
  for index, item in ipairs(items) do rendered[index] = render(item) end
  return { [member] = rendered, NextToken = token }
end

return paging

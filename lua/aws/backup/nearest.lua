--- The name that somebody who mistyped one probably meant.

local ascii = require "aws.backup.ascii"

local nearest = {}

-- Levenshtein's distance with two rows, given up as soon as no cell of a row is within `limit`.
local function distance(a, b, limit)
  local previous, current = {}, {}
  for column = 0, #b do previous[column] = column end
  for row = 1, #a do
    current[0] = row
    local best = row
    for column = 1, #b do
      local cost = a:byte(row) == b:byte(column) and 0 or 1
      local value = math.min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost)
      current[column] = value
      if value < best then best = value end
    end
    if best > limit then return limit + 1 end
    previous, current = current, previous
  end
  return previous[#b]
end

-- Case, hyphens and underscores are what people get wrong most; they count for nothing here.
local function folded(name)
  return (ascii.lower(name):gsub("[_%-%s]", ""))
end

--- The key of a table that is nearest to a name.
---@param name string
---@param candidates table  its string keys are the candidates
---@return string?  nil if none is near: more than a third of the letters would have to change
function nearest.among(name, candidates)
  local wanted = folded(name)
  local limit = math.max(2, math.floor(#wanted / 3))
  local found, best = nil, limit + 1
  for candidate in pairs(candidates) do
    if type(candidate) == "string" then
      local apart = distance(wanted, folded(candidate), limit)
      -- On a tie the first by alphabet, so that the answer does not depend on the order of pairs.
      if apart < best or (apart == best and found and candidate < found) then
        found, best = candidate, apart
      end
    end
  end
  return found
end

return nearest

--- Parameters that nobody should pass, to see that two ways of judging or writing them agree.

local json = require "aws.backup.codec.json"

local oddities = {}

--- A generator of 1 to a limit: the same numbers on every Lua.
function oddities.new_random(seed)
  local state = seed
  return function(limit)
    state = (state * 16807) % 2147483647
    return state % limit + 1
  end
end

--- What is put in place of a value: wrong types, values at and beyond all limits, odd tables.
function oddities.values()
  local list = {
    json.null, true, false, 0, 1, -1, 59, 60, 61, 1.5, 30.0, 36500, 36501, 52560000, 52560001, 2 ^ 31 - 1, 2 ^ 31,
    -2 ^ 31, -2 ^ 31 - 1, 2 ^ 53 - 1, 2 ^ 53, 2 ^ 63, 1e300, 0 / 0, math.huge, -math.huge, 1767323045.087, -1e12,
    "", ".", "..", " ", "x", "xy", "no blanks", "Default", "\255", "a\0b", "\195\169", "123456789012", "2026-01-02",
    "soon", "enabled", "ENABLED", "Completed", "ONE_day",
    "arn:aws:s3:::b", "arn:aws:s3:::", "arn:aws:iam::123456789012:role/r",
    "arn:aws:iam::123456789012:role/", "5", {}, { "ab" }, { "ab", json.null }, { json.null }, { 5 }, { {} },
    { a = "b" }, { [1] = "ab", [3] = "cd" }, { [1.5] = "x" }, { ["aws:k"] = "v" }, { [""] = "v" }, { k = json.null },
    { [("k"):rep(128)] = ("v"):rep(256) }, { [("k"):rep(129)] = "v" }, { k = ("v"):rep(257) }, { k = 5 },
    { [5] = "v" }, { [true] = json.null }, { ["\255"] = "v" }, { WindowsVSS = "on" }, { WindowsVSS = "enabled" },
    { MoveToColdStorageAfterDays = 30, DeleteAfterDays = 119 }, { DeleteAfterDays = 0 }, { DeleteAfterDays = -1 },
    print,
  }
  for _, size in ipairs { 49, 50, 51, 200, 201, 255, 256, 257, 1024, 1025 } do
    list[#list + 1] = ("a"):rep(size)
    list[#list + 1] = ("\195\169"):rep(size)
  end
  return list
end

--- A copy with one value somewhere in it replaced, removed or added.
function oddities.changed(value, odd, random)
  local copy, keys = {}, {}
  for key, item in pairs(value) do
    copy[key], keys[#keys + 1] = item, key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  local key, choice = keys[random(math.max(#keys, 1))], random(10)
  if key ~= nil and type(copy[key]) == "table" and choice <= 7 then
    copy[key] = oddities.changed(copy[key], odd, random)
  elseif key == nil or choice == 8 then
    copy[choice % 2 == 0 and "Unknown" or #copy + 1] = odd[random(#odd)]
  elseif choice == 9 then
    copy[key] = nil
  else
    copy[key] = odd[random(#odd)]
  end
  return copy
end

return oddities

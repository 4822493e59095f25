-- Feeds the core's reader of JSON with answers that were changed at random, the same in each run, and asks that each is
-- read or refused with a fault, alike by all that read it. Run under sanitizers:
--
--     lua spec/core/fuzz_read.lua RUNS

local codec = require "aws.backup.codec"
local core = require "aws.backup.core"
local read = require "aws.backup.codec.read"
local samples = require "tools.golden.samples"
local serialize = require "aws.backup.codec.serialize"

local runs = assert(tonumber(arg[1]), "how many runs?")

local state = 42
local function below(bound)
  state = (state * 16807) % 2147483647
  return state % bound + 1
end

local PIECES = {
  "{", "}", "[", "]", ",", ":", '"', "null", "true", "-1", "1e400", "123456789012345678901", "0.0001", " ", "\\",
  "\\u",
  "\\ud800", "\\u0000", "\0", "\255", "\226\130", "{}", "[]", '"":', "{},", "\\n", "1994-11-06T08:49:37Z",
  "99999999999999",
  "Sun, 06 Nov 1994 08:49:37 GMT", '"YQ=="', ("["):rep(140), ("[{"):rep(70),
}

local function changed(text)
  for _ = 1, below(4) do
    local from = below(#text + 1)
    local to = from + below(12) - 2
    text = text:sub(1, from - 1) .. (below(3) == 1 and "" or PIECES[below(#PIECES)]) .. text:sub(to + 1)
  end
  return text
end

local instance = codec.new()
local outputs = {}
for _, name in ipairs(instance.model.names) do
  local operation = instance:operation(name)
  if operation.output then
    local text = assert(serialize.document(operation.output, samples.params({ input = operation.output }, true)))
    outputs[#outputs + 1] = { operation = operation, text = text }
  end
end

local taken, refused = 0, 0
for _ = 1, runs do
  local output = outputs[below(#outputs)]
  local text = changed(output.text)
  local value, message, where = read.output(output.operation, text)
  assert((value == nil) == (message ~= nil), text)
  local strict = read.document(output.operation.output, text, "strict")
  assert(strict == nil or value ~= nil, text)
  local forgiven, _, place = read.document(output.operation.output, text, "forgiving")
  assert(value == nil or forgiven ~= nil, text)
  assert(forgiven ~= nil or not place or place == "", text)
  -- A text that is JSON is an object for all, one that is none is none for all.
  local texts = core.json_texts(text, "BackupJobId|Message")
  assert(texts == nil or value ~= nil or where ~= nil or message:find("memory", 1, true), text)
  if value then taken = taken + 1 else refused = refused + 1 end
end
print(("%d answers: %d read, %d refused"):format(runs, taken, refused))
assert(taken > 0 and refused > 0)

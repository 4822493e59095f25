#!/usr/bin/env lua
--- Writes spec/fixtures/golden-requests.json: for each operation the request of its required members and of all its
--- members. A change of the codec or of the model shows there, line by line, to be reviewed.
---
--- Usage, at the top of the tree: lua tools/golden.lua

package.path = "./lua/?.lua;./lua/?/init.lua;./?.lua;" .. package.path

local codec = require("aws.backup.codec").new()
local json = require "aws.backup.codec.json"
local samples = require "tools.golden.samples"
local serialize = require "aws.backup.codec.serialize"

local PATH = "spec/fixtures/golden-requests.json"

local function request_text(operation, full)
  local request = assert(serialize.request(operation, samples.params(operation, full)))
  local lines = {}
  local function add(name, value)
    if value then lines[#lines + 1] = ("   %s: %s"):format(json.quote(name), json.quote(value)) end
  end
  add("method", request.method)
  add("path", request.path)
  add("query", request.query)
  add("content-type", request.headers["content-type"])
  add("body", request.body)
  return "{\n" .. table.concat(lines, ",\n") .. "\n  }"
end

local entries = {}
for index, name in ipairs(codec.model.names) do
  local operation = codec:operation(name)
  entries[index] = (' "%s": {\n  "required": %s,\n  "all": %s\n }'):format(
    name, request_text(operation, false), request_text(operation, true))
end

local file = assert(io.open(PATH, "wb"))
assert(file:write("{\n" .. table.concat(entries, ",\n") .. "\n}\n"))
assert(file:close())

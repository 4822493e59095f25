--- Plays a name server on a port of this machine, for an nginx that a spec has started. It answers while the spec calls
--- `serve`: spec/nginx/server.lua does so while it waits.
---
--- Names that end in `.known` are this machine's, those in `.silent` get no answer, all others do not exist.

local socket = require "socket"

local name_server = {}
name_server.__index = name_server

local THIS_MACHINE = "\127\0\0\1"
-- RFC 1035, 4.1.1: an answer that is final; with and without such a name.
local FOUND, NO_SUCH_NAME = "\129\128", "\129\131"
local ONE, NONE = "\0\1", "\0\0"
-- 4.1.3: the name that was asked for, type A, class IN, for no time at all.
local RECORD = "\192\12\0\1\0\1\0\0\0\0\0\4" .. THIS_MACHINE

local function name_in(question)
  local labels, position = {}, 1
  while question:byte(position) > 0 do
    local size = question:byte(position)
    labels[#labels + 1] = question:sub(position + 1, position + size)
    position = position + 1 + size
  end
  return table.concat(labels, ".")
end

local function answer_to(query)
  local id, question = query:sub(1, 2), query:sub(13)
  local name = name_in(question)
  if name:find("%.silent$") then return nil end
  if not name:find("%.known$") then return id .. NO_SUCH_NAME .. ONE .. NONE .. NONE .. NONE .. question end
  return id .. FOUND .. ONE .. ONE .. NONE .. NONE .. question .. RECORD
end

--- Starts to listen.
---@return table self  port
function name_server.start()
  local self = setmetatable({ socket = assert(socket.udp()) }, name_server)
  assert(self.socket:setsockname("127.0.0.1", 0))
  self.socket:settimeout(0)
  self.port = select(2, self.socket:getsockname())
  return self
end

--- Answers what has been asked, without waiting.
function name_server:serve()
  local query, address, port = self.socket:receivefrom()
  while query do
    local answer = answer_to(query)
    if answer then self.socket:sendto(answer, address, port) end
    query, address, port = self.socket:receivefrom()
  end
end

function name_server:stop()
  self.socket:close()
end

return name_server

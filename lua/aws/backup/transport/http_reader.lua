--- Reads HTTP/1.1 answers from a socket. What an answer may be, and where it ends, is the core's to say; this hands it
-- what comes.
--
-- It knows no sockets either. What it reads from is a function `receive(max, source)`, which returns some bytes, at
-- least one and at most `max`; or nil, "closed" at the end of the connection; or nil, a kind and a message, which are
-- handed on.
--
-- Failures come as kind and message, the kinds being those of transport errors: "reset" (it ended too early),
-- "protocol" (it makes no sense), "too_large".

local core = require "aws.backup.core"
local explain = require "aws.backup.transport.explain"

local http_reader = {}

-- A bound for what is not read.
local NO_BODY = 1

-- Feeds the answer until it is complete.
local function complete(answer, receive, source)
  local wanted, kind, fault, left = answer:take("")
  local has_begun = false
  while wanted and wanted > 0 do
    local bytes, failure, message = receive(wanted, source)
    if bytes then
      has_begun = true
      wanted, kind, fault, left = answer:take(bytes)
    elseif failure == "closed" then
      wanted, kind, fault, left = answer:take_end()
    else
      return nil, failure, message, has_begun
    end
  end
  if wanted then return true end
  return nil, kind, explain.detail(fault, left), has_begun
end

--- Reads the answer to a request.
---@param receive fun(max: integer, source: any): string?, string?, string?
---@param source any  what `receive` gets
---@param max_body_bytes integer
---@param method string  of the request
---@return { status: integer, headers: table<string, string>, body: string }? response  names in lower case; the values
---  of a repeated one joined with ", "
---@return boolean|string is_reusable_or_kind  whether another request may follow on the connection
---@return string? message
---@return boolean? has_begun  of a failure, whether any byte of an answer had come
function http_reader.read(receive, source, max_body_bytes, method)
  local answer = core.new_answer(max_body_bytes, method == "HEAD")
  local done, kind, message, has_begun = complete(answer, receive, source)
  if not done then return nil, kind, message, has_begun end
  local response, is_reusable = answer:result()
  return response, is_reusable
end

--- Reads the head of an answer to CONNECT: nothing of a body belongs to it.
---@param receive fun(max: integer, source: any): string?, string?, string?
---@param source any
---@return { status: integer, headers: table<string, string> }? head
---@return string? kind, string? message
---@return boolean? has_more  bytes have come behind it
function http_reader.read_head(receive, source)
  local answer = core.new_answer(NO_BODY, true)
  local done, kind, message = complete(answer, receive, source)
  if not done then return nil, kind, message end
  local head, _, has_more = answer:result()
  return head, nil, nil, has_more
end

return http_reader

--- The debug log: what was sent where, what came back, which credentials were used. Never a secret: those who write to
-- it give it nothing that is one, and every line goes through `visible`, so that no text can forge another line.

local given = require "aws.backup.given"
local milliseconds = require("aws.backup.codec.number").milliseconds_text
local visible = require "aws.backup.codec.visible"

local log = {}

local LONGEST_LINE = 2000

local function to_nginx()
  local ngx = rawget(_G, "ngx")
  if type(ngx) ~= "table" or not ngx.log then return nil end
  return function(line) ngx.log(ngx.NOTICE, line) end
end

local function to_stderr(line)
  io.stderr:write(line, "\n")
end

--- Where the lines of a client go.
---@param debug boolean|fun(line: string)|nil  true: nginx's error log (notice) inside nginx, else standard error
---@return fun(format: string, ...)? write  nil: nobody wants them, so that none need be made
function log.new(debug)
  if not debug then return nil end
  local sink = debug == true and (to_nginx() or to_stderr) or given.guard("debug", debug)
  return function(format, ...)
    sink("aws.backup: " .. visible.text(format:format(...), LONGEST_LINE))
  end
end

-- What nginx's log was told in this Lua state. Shared by all clients, because one may be made for each request.
local told = {}

--- Tells nginx's error log something that a person should look at; the same only once. Nothing outside nginx.
---@param text string
function log.warn_nginx(text)
  local ngx = rawget(_G, "ngx")
  if told[text] or type(ngx) ~= "table" or not ngx.log then return end
  told[text] = true
  ngx.log(ngx.WARN, "aws.backup: " .. visible.text(text, LONGEST_LINE))
end

local function outcome(event)
  if event.kind then return "no answer (" .. event.kind .. ")" end
  local id = event.request_id and ", request id " .. event.request_id or ""
  return ("HTTP %d%s"):format(event.http_status, id)
end

--- The hooks that write a client's calls to its log.
---@param write fun(format: string, ...)
---@return { request: function, response: function, retry: function, credentials: function }
function log.hooks(write)
  return {
    credentials = function(event) write("%s: credentials of %s", event.operation, event.provider) end,
    request = function(event)
      write("%s: attempt %d of %d: %s %s", event.operation, event.attempt, event.max_attempts, event.method, event.url)
    end,
    response = function(event)
      write("%s: attempt %d: %s after %s", event.operation, event.attempt, outcome(event), milliseconds(event.elapsed))
    end,
    retry = function(event)
      write("%s: attempt %d failed with %s, next in %s", event.operation, event.attempt, event.kind or event.code,
        milliseconds(event.delay))
    end,
  }
end

return log

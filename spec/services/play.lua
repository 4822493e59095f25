--- Plays any HTTP service inside nginx: answers by a script, and keeps what it was asked. spec/services/server.lua
--- starts it, and gives it its script over the paths under CONTROL.
---
--- Texts that need not be UTF-8 (bodies, values of headers) travel as base64 in the JSON of script and record.

-- luacheck: std ngx_lua

local cjson = require "cjson"

local play = {}

local CONTROL = "/.control/"

-- nginx's own status for "close the connection without an answer".
local CLOSE_WITHOUT_ANSWER = 444

-- What the one process plays from, until the next script: seen by all its requests.
local script, seen = {}, {}

local function encoded_headers()
  local headers = {}
  for name, value in pairs(ngx.req.get_headers(0)) do
    headers[name] = ngx.encode_base64(type(value) == "table" and table.concat(value, ",") or tostring(value))
  end
  return headers
end

-- The request as it came over the wire: nginx's own variables are decoded.
local function record(path, query)
  seen[#seen + 1] = {
    method = ngx.req.get_method(), path = path, query = query, headers = encoded_headers(),
    body = ngx.encode_base64(ngx.req.get_body_data() or ""),
  }
end

local function fits(entry, path)
  return (entry.method == nil or entry.method == ngx.req.get_method()) and (entry.path == nil or entry.path == path)
    and entry.times ~= 0
end

local function next_answer(path)
  for _, entry in ipairs(script) do
    if fits(entry, path) then
      if entry.times then entry.times = entry.times - 1 end
      return entry
    end
  end
  return { status = ngx.HTTP_NOT_FOUND }
end

local function write_answer(entry)
  local body = ngx.decode_base64(entry.body or "")
  ngx.status = entry.status or ngx.HTTP_OK
  ngx.header["Content-Length"] = #body
  for name, value in pairs(entry.headers or {}) do ngx.header[name] = ngx.decode_base64(value) end
  if not entry.truncate then
    ngx.print(body)
    return ngx.exit(ngx.HTTP_OK)
  end
  ngx.print(body:sub(1, entry.truncate))
  ngx.flush(true)
  return ngx.exit(CLOSE_WITHOUT_ANSWER)
end

local function answer(path)
  local entry = next_answer(path)
  if entry.delay then ngx.sleep(entry.delay) end
  if entry.close then return ngx.exit(CLOSE_WITHOUT_ANSWER) end
  return write_answer(entry)
end

local controls = {}

function controls.script()
  script, seen = cjson.decode(ngx.req.get_body_data()), {}
end

function controls.seen()
  ngx.print(cjson.encode(seen))
end

--- Answers the current request. To be called in content_by_lua.
function play.serve()
  ngx.req.read_body()
  local path, query = ngx.var.request_uri:match("^([^?]*)%??(.*)$")
  if path:sub(1, #CONTROL) == CONTROL then return controls[path:sub(#CONTROL + 1)]() end
  record(path, query ~= "" and query or nil)
  return answer(path)
end

return play

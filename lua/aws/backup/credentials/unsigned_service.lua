--- Exchanges with the services that give out credentials for a token instead of a signature: the portal of IAM Identity
--- Center, its OIDC service, and AWS Sign-In. All speak JSON.

local document = require "aws.backup.credentials.document"
local http = require "aws.backup.credentials.http"
local parse = require "aws.backup.codec.parse"
local redirect = require "aws.backup.redirect"
local visible = require "aws.backup.codec.visible"

local unsigned_service = {}

-- These services are not in our model: no error of theirs has a shape.
local UNMODELLED = { errors = {}, exceptions = {} }

local LONGEST_TEXT = 500
local LONGEST_PAUSE_SECONDS = 0.5

---@class aws.backup.credentials.Refusal
---@field text string  what happened, fit for a message: "HOST answered HTTP 403, ForbiddenException: No access"
---@field refused boolean  the service said no, and would say so again
---@field may_pass boolean?  asking again a moment later may help: no answer, the service is in trouble or busy
---@field status? integer  absent: there was no answer
---@field error? string  the name that OAuth 2 has for it: "invalid_grant", "TOKEN_EXPIRED"

-- Says what a service said. What is no JSON object is not shown: nobody knows what is in it.
local function refusal_of(place, response)
  local members = document.read(response.body, { error = "text?" })
  local failure = parse.failure(UNMODELLED,
    { status = response.status, headers = response.headers, body = members and response.body or "" })
  local name = members and members.error or failure.code
  local text = ("%s answered HTTP %d"):format(place.host, response.status)
  if name ~= tostring(response.status) then text = text .. ", " .. name end
  if redirect.is_one(response.status) then
    text = ("%s, %s; correct the endpoint that is set for it"):format(text, redirect.described(response, place.url))
  elseif failure.message ~= "" then
    text = text .. ": " .. failure.message
  end
  return { text = visible.text(text, LONGEST_TEXT), status = response.status, error = members and members.error }
end

local function silence_of(place, kind, message)
  return { text = visible.text(("%s gave no answer (%s: %s)"):format(place.host, kind, message), LONGEST_TEXT) }
end

--- The URL of a path below an endpoint, without a query.
---@param place table  see aws.backup.service_endpoint
---@param path string
---@return string
function unsigned_service.url(place, path)
  return place.url .. path
end

-- A custom endpoint may bring a query of its own.
local function with_query(url, first, second)
  local query = first and second and first .. "&" .. second or first or second
  return query and url .. "?" .. query or url
end

local function headers_of(request)
  if type(request.headers) == "function" then return request.headers() end
  return request.headers
end

--- Asks, and asks again where that may help: no answer, HTTP 5xx, HTTP 429.
---@param context aws.backup.CredentialsContext
---@param place table  see aws.backup.service_endpoint
---@param request { method: string, path: string, query: string?, headers: table|fun(): table?, string?, body: string?,
---  attempts: integer }  headers: a function makes them anew for each attempt, or returns nil and why it can't
---@param deadline? number  monotonic seconds
---@return table? response  with status 200
---@return aws.backup.credentials.Refusal? refusal
function unsigned_service.ask(context, place, request, deadline)
  local url = with_query(unsigned_service.url(place, request.path), place.query, request.query)
  local function once()
    local headers, fault = headers_of(request)
    if not headers then return nil, { text = fault, refused = false } end
    local response, kind, message, transient = context.http:exchange({
      method = request.method, url = url, headers = headers, body = request.body,
      connect_timeout = context.settings.connect_timeout, read_timeout = context.settings.read_timeout,
    }, deadline)
    if response and response.status == 200 then return response end
    local refusal = response and refusal_of(place, response) or silence_of(place, kind, message)
    local may_pass = http.may_pass(response, kind, transient)
    refusal.refused, refusal.may_pass = response ~= nil and not may_pass, may_pass
    return nil, refusal, may_pass
  end
  local function pause() return context.random() * LONGEST_PAUSE_SECONDS end
  return context.http:with_attempts(request.attempts, once, deadline, pause)
end

return unsigned_service

--- Credentials of a container: from the agent of ECS, EKS Pod Identity or Greengrass, at the address that the
-- environment names (SDK reference guide, "Container credential provider").
--
-- Everything is read at each fetch: the platform swaps the token's file, usually as a symlink, while the program runs.

local endpoint_url = require "aws.backup.endpoint_url"
local errors = require "aws.backup.errors"
local http = require "aws.backup.credentials.http"
local ip_address = require "aws.backup.ip_address"
local metadata_answer = require "aws.backup.credentials.metadata_answer"
local redirect = require "aws.backup.redirect"

local container = {}

local RELATIVE_URI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
local FULL_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
local TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
local TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

local ECS_ADDRESS = "http://169.254.170.2"

-- Where plain http stays within the machine: loopback, and what ECS and EKS Pod Identity answer at.
local LOCAL_NETWORKS = {}
for index, network in ipairs { "127.0.0.0/8", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23" } do
  LOCAL_NETWORKS[index] = ip_address.parse_network(network)
end

local TIMEOUT_SECONDS = 2
local ATTEMPTS = 3
local PAUSE_SECONDS = 1
local MAX_BODY_BYTES = 10000
local MAX_TOKEN_BYTES = 65536

-- The User-Agent's id for credentials of a container.
local FEATURE = "z"

local function failed(message, ...)
  return errors.new("CredentialsError", { message = message:format(...) })
end

-- Appended to a host, anything but a path could make another host of it.
local function relative_url(uri)
  if not uri:find("^/[\33-\126]*$") then
    return nil, failed("%s must begin with a slash, without blanks or letters beyond ASCII", RELATIVE_URI)
  end
  return ECS_ADDRESS .. uri
end

local function is_local(host)
  if host == "localhost" then return true end
  local address = ip_address.parse(host)
  for _, network in ipairs(address and LOCAL_NETWORKS or {}) do
    if ip_address.contains(network, address) then return true end
  end
  return false
end

local function full_url(uri)
  local parts, flaw = endpoint_url.parse(uri)
  if not parts then return nil, failed("%s %s", FULL_URI, flaw) end
  if endpoint_url.shown(uri) ~= uri then return nil, failed("%s has a user name; leave it out", FULL_URI) end
  if parts.scheme == "https" or is_local(parts.host) then return uri end
  return nil, failed("%s names the host %s, where plain http would give the credentials away; use https, or an address "
    .. "of this machine or of its container service: 127.0.0.0/8, [::1], localhost, 169.254.170.2, 169.254.170.23, "
    .. "[fd00:ec2::23]", FULL_URI, parts.host)
end

-- The token, and where it is from; no token if none is wanted; nil, nil and why. One line end of a file is an editor's.
local function find_token(context)
  local path = context.getenv(TOKEN_FILE)
  if not path then return context.getenv(TOKEN), TOKEN end
  local text, kind, message = context.files.read(path, MAX_TOKEN_BYTES)
  if not text then return nil, nil, failed("%s: %s", TOKEN_FILE, message or kind) end
  return text:gsub("\r?\n$", ""), "the file that " .. TOKEN_FILE .. " names"
end

local function request_headers(context)
  local token, where, failure = find_token(context)
  if failure then return nil, failure end
  if token == "" then return nil, failed("%s is empty", where) end
  -- It would end the header. What is wrong with a token must not show it.
  if token and token:find("[^\32-\126\128-\255]") then
    return nil, failed("%s holds a line end or another control character", where)
  end
  return { accept = "application/json", authorization = token }
end

local function not_fetched(url, why)
  return failed("the container's credentials can't be fetched from %s: %s", url:match("//([^/?#]*)"), why)
end

-- What to do about a status, beside trying again.
local REMEDIES = {
  [404] = "; check the path that " .. RELATIVE_URI .. " or " .. FULL_URI .. " names",
  [408] = "",
  [413] = "; check the authorization token, which may be too long",
  [429] = "; it is asked too often: let processes and clients of this container share their credentials, or wait a "
    .. "moment",
  [431] = "; check the authorization token, which may be too long",
}
local REFUSED = "; check the role of the task or pod, and its authorization token"

local function remedy_for(status)
  if status < 400 or status >= 500 then return "" end
  return REMEDIES[status] or REFUSED
end

local function refused(url, response, token)
  if redirect.is_one(response.status) then
    return not_fetched(url, redirect.described(response, url) .. "; correct the variable that names it")
  end
  local complaint = metadata_answer.complaint(response.body, token)
  return not_fetched(url, ("HTTP %d%s%s"):format(response.status, complaint and ", " .. complaint or "",
    remedy_for(response.status)))
end

-- One request: a snapshot; or nil, why, and whether the next may do better.
local function fetch(context, url, deadline)
  local headers, failure = request_headers(context)
  if not headers then return nil, failure end
  local response, kind, message, transient = context.http:exchange({
    method = "GET", url = url, headers = headers, direct = true, max_body_bytes = MAX_BODY_BYTES,
    connect_timeout = TIMEOUT_SECONDS, read_timeout = TIMEOUT_SECONDS,
  }, deadline)
  if not response then
    return nil, not_fetched(url, ("%s (%s)"):format(message, kind)), http.may_pass(nil, kind, transient)
  elseif response.status ~= 200 then
    return nil, refused(url, response, headers.authorization), http.may_pass(response)
  end
  local snapshot, problem = metadata_answer.snapshot(response, FEATURE)
  if not snapshot then return nil, not_fetched(url, problem), true end
  return snapshot
end

---@param context aws.backup.CredentialsContext
---@return table provider  its `get` returns CredentialsError for what is set up, but fails
function container.new(context)
  local provider = { name = "container" }

  function provider.get(_, deadline)
    local relative, full = context.getenv(RELATIVE_URI), context.getenv(FULL_URI)
    if not relative and not full then return nil, RELATIVE_URI .. " and " .. FULL_URI .. " are not set" end
    local url, failure
    if relative then url, failure = relative_url(relative) else url, failure = full_url(full) end
    if not url then return nil, failure end
    return context.http:with_attempts(ATTEMPTS, function() return fetch(context, url, deadline) end, deadline,
      PAUSE_SECONDS)
  end

  return provider
end

return container

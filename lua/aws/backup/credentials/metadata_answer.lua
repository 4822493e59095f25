--- Credentials as the metadata services of instances and containers answer them: one JSON object.
-- The body is a secret; of one that reports a failure only its code and its message are told.

local document = require "aws.backup.credentials.document"
local http = require "aws.backup.credentials.http"
local snapshot = require "aws.backup.credentials.snapshot"
local visible = require "aws.backup.codec.visible"

local metadata_answer = {}

-- Only the account is optional: what these services give never lasts, so there is always a token and an end.
local CREDENTIALS = {
  AccessKeyId = "text", SecretAccessKey = "text", Token = "text", Expiration = "time", AccountId = "text?",
}

local NAMES = {
  access_key_id = "AccessKeyId", secret_access_key = "SecretAccessKey", session_token = "Token",
  account_id = "AccountId",
}

-- EC2 writes them with capitals, other services without.
local FAILURE = { Code = "text?", Message = "text?", code = "text?", message = "text?" }

local LONGEST_TEXT = 300

local function complaint(failure)
  local code, message = failure.Code or failure.code, failure.Message or failure.message
  local text = code and message and code .. ": " .. message or code or message
  return text and visible.text(text, LONGEST_TEXT)
end

--- What the body of an answer that is no success says about it; nil if nothing that can be told.
---@param body string
---@param secret? string  what was sent and must not come back in a message
---@return string?
function metadata_answer.complaint(body, secret)
  if secret and body:find(secret, 1, true) then return nil end
  local failure = document.read(body, FAILURE)
  return failure and complaint(failure)
end

--- Reads the answer of a metadata service.
---@param response { body: string, skew: number? }  from `http:exchange`, with status 200
---@param feature string  what the User-Agent calls the provider
---@return aws.backup.CredentialsSnapshot? snapshot
---@return string? problem  for a message
---@return string? code  the service's own, if it answered with a failure; nil if it is the answer that is broken
function metadata_answer.snapshot(response, feature)
  local failure, flaw = document.read(response.body, FAILURE)
  if not failure then return nil, "the answer " .. flaw end
  if failure.Code and failure.Code ~= "Success" then return nil, complaint(failure), failure.Code end
  local found
  found, flaw = document.read(response.body, CREDENTIALS)
  if not found then return nil, "the answer " .. flaw end
  local checked, err = snapshot.check({
    access_key_id = found.AccessKeyId, secret_access_key = found.SecretAccessKey, session_token = found.Token,
    expiration = http.local_time(found.Expiration, response), account_id = found.AccountId, features = { feature },
  }, "the answer", NAMES)
  return checked, err and err.message
end

return metadata_answer

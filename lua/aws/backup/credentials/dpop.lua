--- The proof that whoever shows a token also has the key that the token was made for (RFC 9449, OAuth 2.0
--- Demonstrating Proof of Possession): a JSON Web Token signed with ES256 (RFC 7515, RFC 7518).

local base64 = require "aws.backup.codec.base64"
local core = require "aws.backup.core"
local json = require "aws.backup.codec.json"

local dpop = {}

local HEADER = '{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}}'
local CLAIMS = '{"htm":%s,"htu":%s,"iat":%.0f,"jti":%s}'

--- Makes a proof for one request.
---@param pem string  private key on the curve P-256
---@param request { method: string, url: string, now: number, id: string }  url: without query and fragment; now: epoch
---  seconds; id: never used before
---@return string? proof  for the header DPoP
---@return string? message  the key is none that can sign this
function dpop.proof(pem, request)
  local x, y = core.p256_public_key(pem)
  if not x then return nil, y end
  local header = HEADER:format(base64.encode_url(x), base64.encode_url(y))
  local claims = CLAIMS:format(
    json.quote(request.method), json.quote(request.url), math.floor(request.now), json.quote(request.id))
  local signed = base64.encode_url(header) .. "." .. base64.encode_url(claims)
  local signature, message = core.es256_sign(pem, signed)
  if not signature then return nil, message end
  return signed .. "." .. base64.encode_url(signature)
end

return dpop

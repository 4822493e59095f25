local base64 = require "aws.backup.codec.base64"
local cjson = require "cjson"
local dpop = require "aws.backup.credentials.dpop"
local home = require "spec.services.home"

-- The key of RFC 7515, appendix A.3, with its coordinates as they are printed there.
local KEY = [[
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49
AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b
focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
-----END EC PRIVATE KEY-----
]]
local X, Y = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

local REQUEST = {
  method = "POST", url = "https://us-east-1.signin.aws.amazon.com/v1/token", now = 1767323045.75,
  id = "3f0c0c0e-7d5c-4a53-9a55-0d2f6a2f9f10",
}

local function decoded(text)
  local padded = text:gsub("-", "+"):gsub("_", "/") .. ("="):rep(-#text % 4)
  return assert(base64.decode(padded))
end

local function parts_of(proof)
  local header, claims, signature = proof:match("^([%w_-]+)%.([%w_-]+)%.([%w_-]+)$")
  return decoded(header), decoded(claims), decoded(signature), header .. "." .. claims
end

-- An integer as DER has it: no zero bytes in front but the one that keeps it positive.
local function der_integer(bytes)
  local digits = bytes:gsub("^%z+", "")
  if digits:byte() >= 128 then digits = "\0" .. digits end
  return string.char(2, #digits) .. digits
end

local function der_signature(raw)
  local body = der_integer(raw:sub(1, 32)) .. der_integer(raw:sub(33))
  return string.char(48, #body) .. body
end

describe("dpop.proof", function()
  it("is a JSON Web Token with the public key, the request, the time and an id", function()
    local header, claims, signature = parts_of(assert(dpop.proof(KEY, REQUEST)))
    assert.equal(('{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}}')
      :format(X, Y), header)
    assert.equal('{"htm":"POST","htu":"https://us-east-1.signin.aws.amazon.com/v1/token","iat":1767323045,'
      .. '"jti":"3f0c0c0e-7d5c-4a53-9a55-0d2f6a2f9f10"}', claims)
    assert.equal(64, #signature)
  end)

  it("writes JSON whatever is in the URL", function()
    local _, claims = parts_of(assert(dpop.proof(KEY, { method = "POST", url = 'http://h/"\\', now = 5, id = "i" })))
    assert.same({ htm = "POST", htu = 'http://h/"\\', iat = 5, jti = "i" }, cjson.decode(claims))
  end)

  it("carries a signature that openssl verifies", function()
    local place = home.new()
    local _, _, signature, signed = parts_of(assert(dpop.proof(KEY, REQUEST)))
    local pipe = assert(io.popen(("openssl ec -in %s -pubout 2>&1 >%s/public.pem; "
      .. "openssl dgst -sha256 -verify %s/public.pem -signature %s %s 2>&1"):format(place:write("key.pem", KEY),
      place.path, place.path, place:write("signature", der_signature(signature)), place:write("signed", signed))))
    local said = pipe:read("*a")
    pipe:close()
    place:remove()
    assert.truthy(said:find("Verified OK", 1, true), said)
  end)

  it("refuses a key that can't sign it, without showing it", function()
    for _, key in ipairs { "", "SECRET", "-----BEGIN EC PRIVATE KEY-----\nSECRET\n-----END EC PRIVATE KEY-----\n" } do
      local proof, message = dpop.proof(key, REQUEST)
      assert.is_nil(proof)
      assert.is_string(message)
      assert.is_nil(message:find("SECRET", 1, true))
    end
  end)
end)

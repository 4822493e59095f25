-- The signer without Lua: what it keeps in memory, and that it says the same whichever functions of OpenSSL hash.

local core = require "aws.backup.core"
local home = require "spec.services.home"

local SOURCES = "src/sigv4.c src/skeleton.c src/signing_key.c src/hash.c src/buf.c src/uri.c src/pairs.c"

describe("the signer in a program of its own", function()
  local folder

  setup(function()
    folder = home.new()
  end)

  teardown(function()
    folder:remove()
  end)

  -- What it prints, built with more options.
  local function output(options)
    local program = folder.path .. "/signer"
    local pipe = assert(io.popen(("LD_PRELOAD= cc -std=c99 -DAWSB_TEST_ALLOC %s -Isrc -o %s spec/core/signer.c %s "
      .. "-lcrypto 2>&1 && %s 2>&1"):format(options, program, SOURCES, program)))
    local text = pipe:read("*a")
    pipe:close()
    return text
  end

  local plain

  it("frees nothing secret, and keeps no token or secret that was replaced", function()
    plain = output("")
    assert.matches("\ndone\n$", plain)
    assert.is_nil(plain:find("FAILED", 1, true), plain)
  end)

  it("signs alike by EVP alone, as FIPS has it", function()
    assert.equal(plain or output(""), output("-DAWSB_HASH_BY_EVP"))
  end)

  it("prints what core.new_signer signs", function()
    local first = output(""):match("^[^\n]*")
    local time = "20260102T030405Z"
    assert.equal(first, core.new_signer():authorize({
      method = "GET", path = "/a", headers = {
        host = "backup.us-east-1.amazonaws.com", ["user-agent"] = "lua", ["x-amz-date"] = time,
        ["x-amz-security-token"] = ("first-token-"):rep(6):sub(1, -2),
      },
    }, { access_key_id = "AKID", secret_access_key = "first+secret/first+secret/first+secret/1" },
      "us-east-1", "backup", time))
  end)
end)

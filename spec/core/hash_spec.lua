-- SHA-1, and signing with P-256. SHA-256 and HMAC have their vectors in core_spec.lua.

local base64 = require "aws.backup.codec.base64"
local core = require "aws.backup.core"
local home = require "spec.services.home"

local function bytes(hex)
  return (hex:gsub("%X", ""):gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

describe("sha1_hex", function()
  it("agrees with the examples of FIPS 180", function()
    for _, case in ipairs {
      { "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
      { "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
      { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
      { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
        .. "nopqrstu", "a49b2446a02c645bf419f995b67091253a04a259" },
      { ("a"):rep(1000000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f" },
    } do
      assert.equal(case[2], core.sha1_hex(case[1]), #case[1] .. " bytes")
    end
  end)

  it("hashes zero bytes like others", function()
    assert.equal("1489f923c4dca729178b3e3233458550d8dddf29", core.sha1_hex("\0\0"))
  end)

  it("raises for anything but a string", function()
    assert.has_error(function() core.sha1_hex(5) end)
    assert.has_error(function() core.sha1_hex() end)
  end)
end)

-- Keys: the number, and its point where somebody else has computed it.
local RFC_6979 = { -- A.2.5
  d = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
  x = "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
  y = "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
}
local RFC_7515 = { -- A.3, from base64url
  d = "8E9B109E719098BF980487DF1F5D77E9CB29606EBED2263B5F57C213DF84F4B2",
  x = "7FCDCE2770F6C45D4183CBEE6FDB4B7B580733357BE9EF13BACF6E3C7BD15445",
  y = "C7F144CD1BBD9B7E872CDFEDB9EEB9F4B3695D6EA90B24AD8A4623288588E5AD",
}
local KEYS = {
  RFC_6979, RFC_7515,
  { d = ("0"):rep(63) .. "1", -- the base point itself: SEC 2, 2.4.2
    x = "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296",
    y = "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5" },
  { d = ("0"):rep(62) .. "2B", -- y begins with a zero byte ...
    x = "986AE2506F1FF104D04230861D8F4B498F4BC4C6D009B30F7544DC129B82D28D",
    y = "003CCCC0A6460E0AE328A4D97D3C7B61D86FC6289C189F2525110C441BB07E97" },
  { d = ("0"):rep(61) .. "17B", -- ... and here x does
    x = "005543894AF3D00ED7D740ABDBD75C96B06877B787DB5F70EEA78B90A8D7C00A",
    y = "BB4C85A3D8EA29EFAAFA24406912DD84D5B14DC32BF656EF6C6BD58A5D943F92" },
}
local ORDER = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"

local OID_EC, OID_P256, OID_P384, OID_K256 =
  "06072A8648CE3D0201", "06082A8648CE3D030107", "06052B81040022", "06052B8104000A"

-- DER: a tag in hex, and the length before what is in it.
local function der(tag, ...)
  local content = table.concat { ... }
  local size = #content / 2
  return tag .. (size < 128 and ("%02X"):format(size) or ("81%02X"):format(size)) .. content
end

local function pem(label, hex)
  local lines = base64.encode(bytes(hex)):gsub(("."):rep(64), "%0\n"):gsub("\n$", "")
  return ("-----BEGIN %s-----\n%s\n-----END %s-----\n"):format(label, lines, label)
end

-- RFC 5915; the curve and the point may be left out.
local function ec_private_key(d, curve, x, y)
  return der("30", "020101", der("04", d), curve and der("A0", curve) or "",
    x and der("A1", der("03", "0004", x, y)) or "")
end

local function sec1(key)
  return pem("EC PRIVATE KEY", ec_private_key(key.d, OID_P256, key.x, key.y))
end

local function pkcs8(key)
  return pem("PRIVATE KEY", der("30", "020100", der("30", OID_EC, OID_P256),
    der("04", ec_private_key(key.d, nil, key.x, key.y))))
end

local function public_key(key)
  return pem("PUBLIC KEY", der("30", der("30", OID_EC, OID_P256), der("03", "0004", key.x, key.y)))
end

local FORMS = {
  ["SEC 1"] = sec1,
  ["SEC 1 without the point"] = function(key) return sec1 { d = key.d } end,
  ["SEC 1 after its parameters"] = function(key) return pem("EC PARAMETERS", OID_P256) .. sec1(key) end,
  ["PKCS #8"] = pkcs8,
  ["PKCS #8 without the point"] = function(key) return pkcs8 { d = key.d } end,
  ["PKCS #8 between other lines"] = function(key) return "a key\n" .. pkcs8(key) .. "more" end,
  ["PKCS #8 with CRLF"] = function(key) return (pkcs8(key):gsub("\n", "\r\n")) end,
}

local function command(...)
  local child = assert(core.spawn { ... })
  while not child:step(1) do end
  return assert(child:result())
end

describe("p256_public_key", function()
  it("takes a key in every form of PEM", function()
    for name, form in pairs(FORMS) do
      for _, key in ipairs(KEYS) do
        local x, y = core.p256_public_key(form(key))
        assert.equal(key.x:lower(), x and core.hex(x), name .. ": " .. y)
        assert.equal(key.y:lower(), core.hex(y))
      end
    end
  end)

  it("keeps zeros in front of a coordinate", function()
    local _, y = core.p256_public_key(sec1(KEYS[4]))
    local x = core.p256_public_key(sec1(KEYS[5]))
    assert.same({ 32, 0, 32, 0 }, { #x, x:byte(1), #y, y:byte(1) })
  end)
end)

describe("es256_sign", function()
  local folder

  setup(function()
    folder = home.new()
    for i, key in ipairs(KEYS) do folder:write(i .. ".pem", public_key(key)) end
  end)

  teardown(function()
    folder:remove()
  end)

  -- A number as DER has it: no needless zeros in front, but one before a first byte above 7F.
  local function der_integer(number)
    local hex = core.hex(number):gsub("^00+", function(zeros) return #zeros % 2 == 0 and "" or "0" end)
    if #hex == 0 then hex = "00" end
    return der("02", (tonumber(hex:sub(1, 2), 16) > 127 and "00" or "") .. hex)
  end

  -- Asks the openssl command, which Debian's ca-certificates bring along.
  local function verifies(key_number, message, signature)
    folder:write("message", message)
    folder:write("signature", bytes(der("30", der_integer(signature:sub(1, 32)), der_integer(signature:sub(33)))))
    local result = command("openssl", "dgst", "-sha256", "-verify", folder.path .. "/" .. key_number .. ".pem",
      "-signature", folder.path .. "/signature", folder.path .. "/message")
    return result.stdout == "Verified OK\n", result.stdout .. result.stderr
  end

  it("signs with a key in every form of PEM", function()
    for name, form in pairs(FORMS) do
      for i, key in ipairs(KEYS) do
        local signature, why = core.es256_sign(form(key), "message")
        assert.equal(64, signature and #signature, why)
        assert.is_true(verifies(i, "message", signature), name)
      end
    end
  end)

  it("signs any message: empty, long, with zero bytes", function()
    for _, message in ipairs { "", ("long"):rep(100000), "a\0b" } do
      local signature = assert(core.es256_sign(sec1(RFC_7515), message))
      assert.is_true(verifies(2, message, signature))
      assert.is_false(verifies(2, message .. "x", signature))
    end
  end)

  it("never signs twice alike", function()
    assert.not_equal(core.es256_sign(sec1(RFC_7515), "m"), core.es256_sign(sec1(RFC_7515), "m"))
  end)

  it("keeps zeros in front of the numbers", function()
    local key = sec1(RFC_6979)
    for first = 1, 33, 32 do
      local signature
      repeat -- one in 256 begins so
        signature = assert(core.es256_sign(key, "message"))
        assert.equal(64, #signature)
      until signature:byte(first) == 0
      assert.is_true(verifies(1, "message", signature))
    end
  end)
end)

describe("a key that can't sign", function()
  local WRONG_TYPE = "the private key is none of the elliptic curve P-256"
  local ENCRYPTED = "the private key is encrypted; it has to be stored without a passphrase"
  local NO_KEY = "this is no private key in PEM form"
  local DAMAGED = "the private key is damaged: it has no valid number, or another key's point"

  local function refuses(text, why)
    assert.same({ nil, why }, { core.es256_sign(text, "message") })
    assert.same({ nil, why }, { core.p256_public_key(text) })
  end

  it("may be of another curve", function()
    refuses(pem("EC PRIVATE KEY", ec_private_key(("11"):rep(48), OID_P384)), WRONG_TYPE)
    refuses(pem("EC PRIVATE KEY", ec_private_key(("11"):rep(32), OID_K256)), WRONG_TYPE)
  end)

  it("may be of another type", function()
    refuses(pem("PRIVATE KEY", der("30", "020100", der("30", "06032B6570"), der("04", der("04", ("11"):rep(32))))),
      WRONG_TYPE) -- Ed25519: RFC 8410, 7
    local result = command("openssl", "genrsa", "1024")
    refuses(result.stdout, WRONG_TYPE)
  end)

  it("may be encrypted, and then nobody is asked for the passphrase", function()
    local folder = home.new()
    local path = folder:write("plain.pem", sec1(RFC_7515))
    for _, arguments in ipairs {
      { "openssl", "pkcs8", "-topk8", "-in", path, "-passout", "pass:open sesame" },
      { "openssl", "ec", "-aes128", "-in", path, "-passout", "pass:open sesame" },
    } do
      local text = command((table.unpack or unpack)(arguments)).stdout -- luacheck: ignore 113 143
      assert.truthy(text:find("ENCRYPTED", 1, true))
      refuses(text, ENCRYPTED)
    end
    folder:remove()
  end)

  it("may be no private key at all", function()
    for _, text in ipairs {
      "", "\0", "secret", public_key(RFC_7515), sec1(RFC_7515):sub(1, 100), (pkcs8(RFC_7515):gsub("END", "END OF")),
      pem("PRIVATE KEY", "00"), pem("EC PRIVATE KEY", ""), pem("CERTIFICATE", "3000"),
      bytes(ec_private_key(RFC_7515.d, OID_P256)), -- not PEM
      pem("EC PRIVATE KEY", ec_private_key(RFC_7515.d)), -- of no curve
    } do
      refuses(text, NO_KEY)
    end
  end)

  it("may hold a number that is none, or a point of another key or of no key", function()
    for _, d in ipairs { ("0"):rep(64), ORDER, ("F"):rep(64) } do
      refuses(sec1 { d = d }, DAMAGED)
    end
    refuses(sec1 { d = RFC_7515.d, x = RFC_6979.x, y = RFC_6979.y }, DAMAGED)
    refuses(pkcs8 { d = RFC_7515.d, x = RFC_6979.x, y = RFC_6979.y }, DAMAGED)
    refuses(sec1 { d = RFC_7515.d, x = ("1"):rep(64), y = ("1"):rep(64) }, NO_KEY)
  end)

  it("raises for anything but strings", function()
    assert.has_error(function() core.es256_sign(5, "m") end)
    assert.has_error(function() core.es256_sign(sec1(RFC_7515)) end)
    assert.has_error(function() core.p256_public_key() end)
  end)
end)

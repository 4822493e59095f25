local core = require "aws.backup.core"

local function bytes(hex)
  return (hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

describe("core", function()
  describe("sha256", function()
    -- FIPS 180-4 examples and the NIST byte test vectors.
    for _, case in ipairs {
      { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
      { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
      { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
      { ("a"):rep(1000000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
      { "\189", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b" },
      { ("\0"):rep(64), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b" },
    } do
      it("hashes " .. #case[1] .. " bytes", function()
        assert.equal(case[2], core.sha256_hex(case[1]))
        assert.equal(bytes(case[2]), core.sha256(case[1]))
      end)
    end

    it("raises for anything but a string", function()
      assert.has_error(function() core.sha256(5) end)
      assert.has_error(function() core.sha256_hex() end)
    end)
  end)

  describe("hmac_sha256", function()
    -- RFC 4231, test cases 1 to 4, 6 and 7 (5 is truncated).
    for number, case in pairs {
      [1] = { ("\11"):rep(20), "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
      [2] = { "Jefe", "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
      [3] = { ("\170"):rep(20), ("\221"):rep(50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
      [4] = { bytes("0102030405060708090a0b0c0d0e0f10111213141516171819"), ("\205"):rep(50),
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
      [6] = { ("\170"):rep(131), "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
      [7] = { ("\170"):rep(131), "This is a test using a larger than block-size key and a larger than "
        .. "block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    } do
      it("agrees with RFC 4231, test case " .. number, function()
        assert.equal(case[3], core.hex(core.hmac_sha256(case[1], case[2])))
      end)
    end

    it("takes an empty key and empty data", function()
      assert.equal("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
        core.hex(core.hmac_sha256("", "")))
    end)

    it("takes a key of exactly one block", function()
      local key = ("k"):rep(64)
      local inner = core.sha256(key:gsub(".", function(c) return string.char(c:byte() == 107 and 93) end) .. "x")
      local outer = core.sha256(key:gsub(".", function() return string.char(55) end) .. inner)
      assert.equal(core.hex(outer), core.hex(core.hmac_sha256(key, "x")))
    end)
  end)

  it("writes hexadecimal digits in lower case", function()
    assert.equal("", core.hex(""))
    assert.equal("00017f80ff", core.hex("\0\1\127\128\255"))
    assert.equal(("ab"):rep(5000), core.hex(("\171"):rep(5000)))
  end)

  it("compares strings", function()
    assert.is_true(core.equal("", ""))
    assert.is_true(core.equal("a\0b", "a\0b"))
    assert.is_false(core.equal("a\0b", "a\0c"))
    assert.is_false(core.equal("a", "ab"))
    assert.has_error(function() core.equal("1", 1) end)
  end)

  it("gives random bytes, no two alike", function()
    assert.equal(1, #core.random(1))
    assert.equal(1024, #core.random(1024))
    assert.not_equal(core.random(16), core.random(16))
    for _, wrong in ipairs { 0, -1, 1025, 0 / 0, 1 / 0, "16" } do
      assert.has_error(function() core.random(wrong) end)
    end
  end)

  describe("uri_encode", function()
    it("escapes every byte but the unreserved", function()
      for byte = 0, 255 do
        local char = string.char(byte)
        local expected = char:find("^[A-Za-z0-9%-._~]$") and char or ("%%%02X"):format(byte)
        assert.equal(expected, core.uri_encode(char))
      end
    end)

    it("takes the empty text and a long one", function()
      assert.equal("", core.uri_encode(""))
      assert.equal(("%2F"):rep(10000), core.uri_encode(("/"):rep(10000)))
    end)
  end)

  it("tells the time of the wall", function()
    local before = os.time()
    local now = core.time()
    assert.is_true(now >= before and now < before + 60)
  end)

  it("has a clock that never steps back", function()
    local last = core.monotonic()
    for _ = 1, 1000 do
      local now = core.monotonic()
      assert.is_true(now >= last)
      last = now
    end
  end)

  describe("sleep", function()
    it("sleeps and tells how long", function()
      local start = core.monotonic()
      local slept = core.sleep(0.02)
      assert.is_true(slept >= 0.02)
      assert.is_true(core.monotonic() - start >= slept)
    end)

    it("sleeps no longer than a slice at a time", function()
      local slept = core.sleep(3600)
      assert.is_true(slept >= 0.25 and slept < 3600)
    end)

    it("returns at once for nothing", function()
      assert.is_true(core.sleep(0) < 0.25)
    end)

    it("raises for what is no time", function()
      for _, wrong in ipairs { -1, 0 / 0, 1 / 0, 1e300, "1" } do
        assert.has_error(function() core.sleep(wrong) end)
      end
    end)
  end)

  describe("terminal_width", function()
    it("is nil for what is no terminal", function()
      local file = assert(io.open("Makefile"))
      assert.is_nil(core.terminal_width(file))
      file:close()
      assert.is_nil(core.terminal_width(file))
    end)

    it("is nil for what is no file at all", function()
      for _, wrong in ipairs { 1, "text", {}, true, core.new_signer() } do
        assert.is_nil(core.terminal_width(wrong))
      end
      assert.is_nil(core.terminal_width(nil))
    end)
  end)

  it("knows its process and its parts", function()
    assert.is_true(core.pid() > 1)
    assert.truthy(core._VERSION:find("^%d+%.%d+%.%d+$"))
    local versions = core.versions()
    assert.truthy(versions.curl:find("^%d+%.%d+"))
    assert.equal("string", type(versions.openssl))
    assert.equal("string", type(versions.ssl))
  end)

  it("leaves no global behind", function()
    assert.is_nil(rawget(_G, "aws"))
    assert.is_nil(rawget(_G, "core"))
  end)
end)

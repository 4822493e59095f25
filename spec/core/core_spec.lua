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

    it("remembers no key: an empty one after another is empty", function()
      -- RFC 2104 by hand: a block of 0x36, then a block of 0x5c.
      local outer = core.sha256(("\92"):rep(64) .. core.sha256(("\54"):rep(64) .. "data"))
      for _, before in ipairs { "key", ("k"):rep(200), "" } do
        core.hmac_sha256(before, "data")
        assert.equal(core.hex(outer), core.hex(core.hmac_sha256("", "data")))
      end
    end)

    it("takes a key of exactly one block", function()
      -- RFC 2104 by hand: "k" is 0x6b; 0x6b xor 0x36 is 0x5d, 0x6b xor 0x5c is 0x37.
      local outer = core.sha256(("\55"):rep(64) .. core.sha256(("\93"):rep(64) .. "x"))
      assert.equal(core.hex(outer), core.hex(core.hmac_sha256(("k"):rep(64), "x")))
    end)

    it("takes keys and data of any size", function()
      -- As above; a shorter key is filled up with zeros, a longer one is hashed.
      for _, size in ipairs { 1, 31, 32, 33, 63, 64 } do
        local key, rest = ("k"):rep(size), 64 - size
        local inner = core.sha256(("\93"):rep(size) .. ("\54"):rep(rest) .. key)
        local outer = core.sha256(("\55"):rep(size) .. ("\92"):rep(rest) .. inner)
        assert.equal(core.hex(outer), core.hex(core.hmac_sha256(key, key)))
      end
      for _, size in ipairs { 65, 128, 5000 } do
        local key = ("k"):rep(size)
        assert.equal(core.hmac_sha256(core.sha256(key), key), core.hmac_sha256(key, key))
      end
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
    for _, wrong in ipairs { 0, -1, 1.5, 1025, 0 / 0, 1 / 0, "16" } do
      assert.has_error(function() core.random(wrong) end)
    end
  end)

  it("gives random UUIDs of version 4, no two alike", function()
    local seen = {}
    for _ = 1, 200 do
      local uuid = core.uuid()
      assert.equal(36, #uuid)
      assert.matches("^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$", uuid)
      assert.equal(uuid:lower(), uuid)
      assert.is_nil(seen[uuid])
      seen[uuid] = true
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

  describe("utf8_length", function()
    -- What it has to agree with, from the table of RFC 3629, 4: second bytes by first byte.
    local function reference(text)
      local count, position = 0, 1
      while position <= #text do
        local first, size, low, high = text:byte(position), 1, 0x80, 0xBF
        if first >= 0xF5 or (first >= 0x80 and first <= 0xC1) then return nil, position end
        if first >= 0xC2 then size = first < 0xE0 and 2 or first < 0xF0 and 3 or 4 end
        if first == 0xE0 then low = 0xA0 elseif first == 0xED then high = 0x9F end
        if first == 0xF0 then low = 0x90 elseif first == 0xF4 then high = 0x8F end
        for offset = 1, size - 1 do
          local byte = text:byte(position + offset)
          if not byte or byte < low or byte > high then return nil, position end
          low, high = 0x80, 0xBF
        end
        position, count = position + size, count + 1
      end
      return count
    end

    local function length(text)
      return { core.utf8_length(text) }
    end

    it("counts characters", function()
      assert.same({ 0 }, length(""))
      assert.same({ 3 }, length("a\0b"))
      assert.same({ 4 }, length("a\195\169\226\130\172\240\159\152\185"))
      assert.same({ 100000 }, length(("\195\169"):rep(100000)))
    end)

    it("gives integers", function()
      assert.equal("1", tostring(core.utf8_length("a")))
      assert.equal("2", tostring((select(2, core.utf8_length("a\255")))))
    end)

    -- The first and the last character of each row of the table, by their code points.
    for name, hex in pairs {
      ["0000"] = "00", ["007F"] = "7f", ["0080"] = "c280", ["07FF"] = "dfbf", ["0800"] = "e0a080",
      ["0FFF"] = "e0bfbf", ["1000"] = "e18080", ["CFFF"] = "ecbfbf", ["D000"] = "ed8080", ["D7FF"] = "ed9fbf",
      ["E000"] = "ee8080", ["FFFF"] = "efbfbf", ["10000"] = "f0908080", ["3FFFF"] = "f0bfbfbf",
      ["40000"] = "f1808080", ["FFFFF"] = "f3bfbfbf", ["100000"] = "f4808080", ["10FFFF"] = "f48fbfbf",
    } do
      it("takes U+" .. name, function()
        assert.same({ 1 }, length(bytes(hex)))
        assert.same({ 3 }, length("a" .. bytes(hex) .. "b"))
      end)
    end

    for name, sequences in pairs {
      ["a byte that begins nothing"] = "80 bf c0 c1 f5 ff",
      ["an overlong form"] = "c080 c1bf e08080 e09fbf f0808080 f08fbfbf",
      ["a surrogate"] = "eda080 edafbf edb080 edbfbf",
      ["what lies beyond U+10FFFF"] = "f4908080 f4bfbfbf f5808080 f7bfbfbf",
      ["a form of five or six bytes"] = "f888808080 fc8480808080",
      ["a sequence cut short"] = "c2 e0 e0a0 e1 e180 ed ed9f f0 f090 f09080 f4 f48f f48fbf",
      ["a byte out of range in a sequence"] = "c27f c2c0 e0a07f e0a0c0 e1c080 f0907f80 f09080c0 f4807f80",
    } do
      it("finds " .. name, function()
        for hex in sequences:gmatch("%x+") do
          local wrong = bytes(hex)
          assert.same({ nil, 1 }, length(wrong), hex)
          assert.same({ nil, 4 }, length("a\195\169" .. wrong), hex)
          assert.same({ nil, 1 }, length(wrong .. "a"), hex)
          assert.same({ nil, 11 }, length("0123456789" .. wrong .. "0123456789"), hex)
        end
      end)
    end

    it("sees a wrong byte at any distance from the start and the end of a run of ASCII", function()
      for before = 0, 24 do
        for after = 0, 24 do
          local text = ("a"):rep(before) .. "\128" .. ("b"):rep(after)
          assert.same({ nil, before + 1 }, length(text))
          local good = ("a"):rep(before) .. "\195\169" .. ("b"):rep(after)
          assert.same({ before + 1 + after }, length(good))
        end
      end
    end)

    it("agrees with the table of RFC 3629 on any bytes", function()
      local seed = 20260102
      local function below(limit) -- Park and Miller's generator: exact in a double
        seed = seed * 16807 % 2147483647
        return seed % limit
      end
      -- Bytes near the bounds are likelier, so that whole sequences come about.
      local likely = bytes("617a7f80808f909fa0bfbfbfc1c2dfe0e1ecedeeeff0f1f3f4f5")
      for _ = 1, 5000 do
        local parts = {}
        for i = 1, below(24) do
          local pick = below(4) == 0 and below(256) or likely:byte(below(#likely) + 1)
          parts[i] = string.char(pick)
        end
        local text = table.concat(parts)
        assert.same({ reference(text) }, length(text), core.hex(text))
      end
    end)

    it("agrees with it on every two bytes, alone and with more behind them", function()
      local disagreements = {}
      for first = 0, 255 do
        for second = 0, 255 do
          for _, rest in ipairs { "", "\128", "\128\191" } do
            local text = string.char(first, second) .. rest
            local expected_count, expected_position = reference(text)
            local count, position = core.utf8_length(text)
            if count ~= expected_count or position ~= expected_position then
              disagreements[#disagreements + 1] = core.hex(text)
            end
          end
        end
      end
      assert.same({}, disagreements)
    end)

    it("raises for anything but a string", function()
      assert.has_error(function() core.utf8_length(5) end)
      assert.has_error(function() core.utf8_length() end)
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

  describe("has_digit_run", function()
    it("finds a run of so many digits or more, wherever it stands", function()
      local beginnings = { "", "a", "12345", ("x"):rep(15), ("x"):rep(16), ("1"):rep(15) .. ".", '{"a":"b","c":' }
      for _, before in ipairs(beginnings) do
        for _, after in ipairs { "", "a", ",1", ("x"):rep(16), "." .. ("1"):rep(15) } do
          for count = 1, 40 do
            local text = before .. ("7"):rep(count) .. after
            local longest = 0
            for run in text:gmatch("%d+") do longest = math.max(longest, #run) end
            for _, size in ipairs { 1, 2, 15, 16, 17, 39 } do
              assert.equal(longest >= size, core.has_digit_run(text, size))
            end
          end
        end
      end
    end)

    it("is false for an empty text and for a size beyond the text", function()
      assert.is_false(core.has_digit_run("", 1))
      assert.is_false(core.has_digit_run("123", 2 ^ 31))
    end)

    it("takes no size below 1", function()
      assert.has_error(function() core.has_digit_run("1", 0) end)
    end)
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

  it("knows the system it runs on", function()
    local pipe = assert(io.popen("uname -s; uname -r; uname -m"))
    local name, release, machine = pipe:read("*a"):match("^(.-)\n(.-)\n(.-)\n$")
    pipe:close()
    assert.same({ name = name, release = release, machine = machine }, core.system())
  end)

  it("leaves no global behind", function()
    assert.is_nil(rawget(_G, "aws"))
    assert.is_nil(rawget(_G, "core"))
  end)
end)

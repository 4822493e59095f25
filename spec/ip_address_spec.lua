local ip_address = require "aws.backup.ip_address"

describe("an address", function()
  for text, expected in pairs {
    ["0.0.0.0"] = "0 0 0 0",
    ["127.0.0.1"] = "127 0 0 1",
    ["255.255.255.255"] = "255 255 255 255",
    ["::"] = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
    ["::1"] = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1",
    ["[::1]"] = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1",
    ["1::"] = "0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
    ["fe80::1%eth0"] = "254 128 0 0 0 0 0 0 0 0 0 0 0 0 0 1",
    ["1:2:3:4:5:6:7:8"] = "0 1 0 2 0 3 0 4 0 5 0 6 0 7 0 8",
    ["1:2:3:4:5:6:7::"] = "0 1 0 2 0 3 0 4 0 5 0 6 0 7 0 0",
    ["FD00:EC2::254"] = "253 0 14 194 0 0 0 0 0 0 0 0 0 0 2 84",
    ["64:ff9b::10.0.0.1"] = "0 100 255 155 0 0 0 0 0 0 0 0 10 0 0 1",
    ["1:2:3:4:5:6:10.0.0.1"] = "0 1 0 2 0 3 0 4 0 5 0 6 10 0 0 1",
    ["::ffff:10.0.0.1"] = "10 0 0 1",
    ["::ffff:a00:1"] = "10 0 0 1",
  } do
    it("is read from " .. text, function()
      assert.equal(expected, table.concat(ip_address.parse(text) or {}, " "))
    end)
  end

  for _, text in ipairs {
    "", "host", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "01.2.3.4", "1.2.3.4.", ".1.2.3.4", "1..2.3", "1.2.3.x",
    "1.2.3.4/8", " 1.2.3.4", "0x7f.0.0.1", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8", "12345::", "g::", "1.2.3.4::", "::1.2.3.4:5", "::1.2.3", "[::1", "::1]",
    "1:2:3:4:5:6:7:1.2.3.4", ":1:2:3:4:5:6:7:8",
  } do
    it(("is not read from %q"):format(text), function()
      assert.is_nil(ip_address.parse(text))
    end)
  end
end)

describe("a network", function()
  local function holds(network, address)
    return ip_address.contains(assert(ip_address.parse_network(network)), assert(ip_address.parse(address)))
  end

  it("holds the addresses that begin as it does", function()
    assert.is_true(holds("10.0.0.0/9", "10.127.255.255"))
    assert.is_false(holds("10.0.0.0/9", "10.128.0.0"))
    assert.is_true(holds("fe80::/10", "febf:ffff::1"))
    assert.is_false(holds("fe80::/10", "fec0::"))
    assert.is_true(holds("[fd00::]/8", "fd12::1"))
  end)

  it("may have bits behind its prefix, which say nothing", function()
    assert.is_true(holds("10.1.2.3/8", "10.9.9.9"))
  end)

  it("of no bits holds its whole family and nothing of the other", function()
    assert.is_true(holds("0.0.0.0/0", "255.1.2.3"))
    assert.is_true(holds("::/0", "ffff::"))
    assert.is_false(holds("0.0.0.0/0", "::1"))
    assert.is_false(holds("::/0", "1.2.3.4"))
  end)

  it("is an address alone, too", function()
    assert.is_true(holds("10.0.0.1", "10.0.0.1"))
    assert.is_false(holds("10.0.0.1", "10.0.0.2"))
    assert.is_true(holds("::1/128", "::1"))
  end)

  it("has no more bits than its addresses", function()
    for _, text in ipairs {
      "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/1000", "/8", "host/8", "host",
    } do
      assert.is_nil(ip_address.parse_network(text), text)
    end
  end)
end)

local answer = require "aws.backup.credentials.sts_answer"

local EXPIRATION = 1767326645 -- 2026-01-02T04:04:05Z

local USER = "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/R/S</Arn>"
  .. "<AssumedRoleId>AROAEXAMPLE:S</AssumedRoleId></AssumedRoleUser>"
local KEYS = "<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>SECRETSECRET</SecretAccessKey>"
  .. "<SessionToken>TOKENTOKEN</SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration>"

local function document(result, action)
  action = action or "AssumeRole"
  return ("<%sResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><%sResult>%s</%sResult>"):format(
    action, action, result, action)
    .. ("<ResponseMetadata><RequestId>R-1</RequestId></ResponseMetadata></%sResponse>"):format(action)
end

local function credentials_in(keys) return document(USER .. "<Credentials>" .. keys .. "</Credentials>") end

local GOOD = credentials_in(KEYS)

local FOUND = {
  access_key_id = "ASIAEXAMPLE", secret_access_key = "SECRETSECRET", session_token = "TOKENTOKEN",
  expiration = EXPIRATION, account_id = "123456789012",
}

local function found_in(body, action) return assert(answer.credentials(body, action or "AssumeRole")) end

-- The secret key that is read where that text stands for it.
local function read_text(text)
  local keys = KEYS:gsub("SECRETSECRET", (text:gsub("%%", "%%%%")))
  return found_in(credentials_in(keys)).secret_access_key
end

local function refusal(body, action)
  local found, message = answer.credentials(body, action or "AssumeRole")
  assert.is_nil(found, body)
  assert.equal("string", type(message))
  for _, secret in ipairs { "SECRET", "TOKEN", "ASIA" } do assert.is_nil(message:find(secret, 1, true), message) end
  return message
end

describe("an answer with credentials", function()
  it("gives keys, token, expiration and the account of the role", function()
    assert.same(FOUND, found_in(GOOD))
    local action = "AssumeRoleWithWebIdentity"
    assert.same(FOUND, found_in(document(
      "<SubjectFromWebIdentityToken>sub</SubjectFromWebIdentityToken><Audience>a</Audience><Provider>p</Provider>"
        .. USER .. "<Credentials>" .. KEYS .. "</Credentials>", action), action))
  end)

  it("may have its elements in any order, and others beside them", function()
    local reordered = "<Expiration>2026-01-02T04:04:05Z</Expiration><New><Deep/></New>"
      .. "<SessionToken>TOKENTOKEN</SessionToken><SecretAccessKey>SECRETSECRET</SecretAccessKey>"
      .. "<AccessKeyId>ASIAEXAMPLE</AccessKeyId>"
    assert.same(FOUND, found_in(document("<PackedPolicySize>6</PackedPolicySize><Credentials>" .. reordered
      .. "</Credentials>" .. USER)))
  end)

  it("does not need the name of the role that was assumed", function()
    local without = { document("<Credentials>" .. KEYS .. "</Credentials>"),
      document("<AssumedRoleUser><Arn>no arn</Arn></AssumedRoleUser><Credentials>" .. KEYS .. "</Credentials>") }
    for _, body in ipairs(without) do
      local found = found_in(body)
      assert.equal("ASIAEXAMPLE", found.access_key_id)
      assert.is_nil(found.account_id)
    end
  end)

  it("is refused when one of its elements is missing, empty or there twice, which is named", function()
    for _, name in ipairs { "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration" } do
      local pattern = "<" .. name .. ">.-</" .. name .. ">"
      assert.truthy(refusal(credentials_in((KEYS:gsub(pattern, "")))):find(name .. " is missing", 1, true))
      local empty = KEYS:gsub(pattern, "<" .. name .. "> </" .. name .. ">")
      assert.truthy(refusal(credentials_in(empty)):find(name .. " holds no", 1, true))
      local nested = KEYS:gsub(pattern, "<" .. name .. ">a<b/></" .. name .. ">")
      assert.truthy(refusal(credentials_in(nested)):find(name .. " holds no", 1, true))
      assert.truthy(refusal(credentials_in(KEYS .. KEYS:match(pattern))):find(name .. " is there twice", 1, true))
    end
    assert.truthy(refusal(document(USER)):find("Credentials is missing", 1, true))
    assert.truthy(refusal("<AssumeRoleResponse/>"):find("AssumeRoleResult is missing", 1, true))
  end)

  it("is refused when it answers another call, or is a page of a portal", function()
    assert.truthy(refusal(GOOD, "AssumeRoleWithWebIdentity"):find("<AssumeRoleResponse>", 1, true))
    assert.truthy(refusal("<html><body>log in</body></html>"):find("<html>", 1, true))
    assert.truthy(refusal('<!DOCTYPE html><html><head><meta charset="utf-8"></head></html>'):find("DOCTYPE", 1, true))
    assert.truthy(refusal("<" .. ("x"):rep(1000) .. "/>"):len() < 200)
  end)

  it("is refused when a key could not be a key, or the expiration no time", function()
    for _, bad in ipairs { "SECRET SECRET", "SECRET&#10;SECRET", "SECRET\195\169", "SECRET&#x7F;" } do
      assert.truthy(refusal(credentials_in((KEYS:gsub("SECRETSECRET", bad)))):find("SecretAccessKey", 1, true))
    end
    assert.truthy(refusal(credentials_in((KEYS:gsub("2026%-01%-02", "SECRET")))):find("Expiration", 1, true))
  end)
end)

describe("the text of an element", function()
  it("has its references decoded, those with numbers too", function()
    for text, expected in pairs {
      ["a&amp;b&lt;c&gt;d&quot;e&apos;f"] = "a&b<c>d\"e'f",
      ["&#65;&#x42;&#x0000043;&#0000068;"] = "ABCD",
      ["&amp;amp;"] = "&amp;", ["&amp;#65;"] = "&#65;", ["&#38;lt;"] = "&lt;",
      ["a+b/c==%41"] = "a+b/c==%41",
    } do
      assert.equal(expected, read_text(text))
    end
  end)

  it("may hold any character of Unicode, as reference or as UTF-8", function()
    local function message(text)
      local body = "<ErrorResponse><Error><Code>C</Code><Message>" .. text .. "</Message></Error></ErrorResponse>"
      return answer.failure(body).message
    end
    for reference, bytes in pairs {
      ["&#xE9;"] = "\195\169", ["&#8364;"] = "\226\130\172", ["&#x1F600;"] = "\240\159\152\128",
      ["&#x7FF;"] = "\223\191", ["&#x800;"] = "\224\160\128", ["&#xFFFD;"] = "\239\191\189",
      ["&#x10000;"] = "\240\144\128\128", ["&#x10FFFF;"] = "\244\143\191\191",
    } do
      assert.equal("a" .. bytes .. "b", message("a" .. reference .. "b"))
      assert.equal("a" .. bytes .. "b", message("a" .. bytes .. "b"))
    end
    assert.equal("one\ntwo\nthree", message("one\r\ntwo\rthree"))
    assert.equal("a\tb", message(" a&#9;b\n"))
  end)

  it("may come in CDATA, and in pieces around comments and instructions", function()
    assert.equal("a&amp;<b>", read_text("<![CDATA[a&amp;<b>]]>"))
    assert.equal("abcd]", read_text("a<!-- x - > <y> & -->b<?php <z> ?>c<![CDATA[d]]]>"))
    assert.equal("abc", read_text("\n  abc\r\n\t"))
    assert.equal("ab", read_text("a<!----><?x?>b"))
  end)

  it("is refused with a reference that means nothing", function()
    for _, text in ipairs { "&nbsp;", "&", "a & b", "&amp", "&#;", "&#x;", "&#xG;", "&#0;", "&#xD800;", "&#xFFFE;",
        "&#x110000;", "&#99999999999999999999;", "&#-5;", "&;", "&&amp;", "&#X41;" } do
      refusal(credentials_in((KEYS:gsub("SECRETSECRET", "SECRET" .. text))))
    end
  end)
end)

describe("a document", function()
  it("may have a byte order mark, a declaration, comments, instructions, attributes and prefixes", function()
    for _, before in ipairs { "\239\187\191", '<?xml version="1.0"?>', "<?xml version='1.0' encoding='UTF-8' ?>\r\n",
        '\239\187\191<?xml version = "1.0" encoding="utf-8" standalone="yes"?>', "<!-- SECRET --> <?pi?>\n" } do
      assert.same(FOUND, found_in(before .. GOOD .. "\n<!-- end --><?end?>\n"))
    end
    local prefixed = GOOD:gsub("<(/?)(%a)", "<%1sts:%2"):gsub("xmlns=", "xmlns:sts=")
    assert.same(FOUND, found_in(prefixed))
    local attributed = GOOD:gsub("<Credentials>", "<Credentials\n a='1>2' b = \"'&amp;'\"\t>")
    assert.same(FOUND, found_in(attributed))
    assert.same(FOUND, found_in((GOOD:gsub("</Credentials>", "</Credentials \n>"))))
  end)

  it("is refused when it is not well-formed", function()
    for _, body in ipairs {
      "", " ", "plain text", "{}", "<", "<a", "<a>", "<a/", "</a>", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a/>x",
      "x<a/>", "<a/></a>", "<1/>", "< a/>", "<a b/>", "<a b=c/>", "<a b='1' b='2'/>", "<a b='1'c='2'/>", "<a b='<'/>",
      "<a b='&x;'/>", "<a b='1/>", "<a>]]></a>", "<a><!-- -- --></a>", "<a><!-- </a>", "<a><!-- --->x</a>",
      "<a><![CDATA[</a>",
      "<![CDATA[x]]><a/>", "<a/><![CDATA[]]>", "<a><![cdata[x]]></a>", "<a><?x </a>", "<a><?x?y?></a>", "<a><? x?></a>",
      " <?xml version='1.0'?><a/>", "<a/><?xml version='1.0'?>", "<?XML version='1.0'?><a/>", "<?xml?><a/>",
      "<?xml encoding='UTF-8'?><a/>", "<?xml version='1.1'?><a/>", "<?xml version='1.0'><a/>",
      "<?xml version='1.0' x='y'?><a/>", "<\195\169/>", "<a \195\169='1'/>", "<a>\0</a>", "<a>\1</a>",
      "<a>\239\191\191</a>", "<a>\255</a>", "<a>\237\160\128</a>", "<a>\192\128</a>",
    } do
      assert.truthy(refusal(body):find("it is not the XML that STS writes", 1, true), body)
    end
    for cut = 1, #GOOD - 1 do refusal(GOOD:sub(1, cut)) end
  end)

  it("is refused with a DOCTYPE, which could define entities", function()
    for _, declaration in ipairs {
      "<!DOCTYPE a>", '<!DOCTYPE a [<!ENTITY x "y">]>', "<!ENTITY x 'y'>", "<!doctype html>",
    } do
      assert.truthy(refusal(declaration .. GOOD):find("DOCTYPE", 1, true))
    end
  end)

  it("is refused in another encoding than UTF-8", function()
    assert.truthy(refusal('<?xml version="1.0" encoding="ISO-8859-1"?>' .. GOOD):find("UTF-8", 1, true))
    refusal("\255\254<\0a\0/\0>\0")
    assert.same(FOUND, found_in('<?xml version="1.0" encoding="US-ASCII"?>' .. GOOD))
  end)

  it("is refused when it is longer than 64 KiB or deeper than 16 elements", function()
    local room = 65536 - #GOOD - #"<!---->"
    assert.same(FOUND, found_in(GOOD .. "<!--" .. (" "):rep(room) .. "-->"))
    assert.truthy(refusal(GOOD .. "<!--" .. (" "):rep(room + 1) .. "-->"):find("65536 bytes", 1, true))
    local function nested(levels) return ("<a>"):rep(levels) .. ("</a>"):rep(levels) end
    assert.truthy(refusal(nested(16)):find("it is <a>", 1, true))
    assert.truthy(refusal(nested(17)):find("16 levels", 1, true))
  end)
end)

describe("an answer with an error", function()
  it("gives code, message and request id", function()
    assert.same({ code = "AccessDenied", message = 'User "u" is not authorized', request_id = "R-2" }, answer.failure(
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        .. "<Code>AccessDenied</Code><Message>User &quot;u&quot; is not authorized</Message></Error>"
        .. "<RequestId>R-2</RequestId></ErrorResponse>"))
    assert.same({ code = "Throttling", message = "" }, answer.failure(
      "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"))
  end)

  it("has code and message from the element Error alone", function()
    assert.is_nil(answer.failure("<ErrorResponse><Code>AccessDenied</Code><Message>m</Message></ErrorResponse>"))
    assert.is_nil(answer.failure("<Error><Code>AccessDenied</Code></Error>"))
    assert.is_nil(answer.failure(GOOD))
    assert.is_nil(answer.failure("<html><body>502 Bad Gateway</body></html>"))
    assert.is_nil(answer.failure(""))
  end)
end)

-- Readers of text that others write take time that grows as the text does: a name with forty thousand blanks in it must
-- not keep a process, or a whole worker of nginx, busy for seconds. No timeout covers that.

local arn = require "aws.backup.emulator.arn"
local ascii = require "aws.backup.ascii"
local authenticate = require "aws.backup.emulator.authenticate"
local base64 = require "aws.backup.codec.base64"
local clock_skew = require "aws.backup.clock_skew"
local command_line = require "aws.backup.credentials.command_line"
local conversions = require "aws.backup.conversions"
local core = require "aws.backup.core"
local credentials_environment = require "aws.backup.credentials.environment"
local document = require "aws.backup.credentials.document"
local endpoint_url = require "aws.backup.endpoint_url"
local ini = require "aws.backup.ini"
local ip_address = require "aws.backup.ip_address"
local fragments = require "spec.codec.fragments"
local json = require "aws.backup.codec.json"
local metadata_client = require "aws.backup.credentials.metadata_client"
local missing_vault = require "aws.backup.missing_vault"
local number = require "aws.backup.codec.number"
local parse = require "aws.backup.codec.parse"
local process = require "aws.backup.credentials.process"
local proxy = require "aws.backup.proxy"
local read = require "aws.backup.codec.read"
local router = require "aws.backup.emulator.router"
local sts_answer = require "aws.backup.credentials.sts_answer"
local time = require "aws.backup.codec.time"
local uri = require "aws.backup.codec.uri"
local url = require "aws.backup.url"
local visible = require "aws.backup.codec.visible"

-- At these sizes a reader that goes back over what it has seen takes sixteen times as long for the larger, and seconds.
local SMALL, LARGE = 12000, 48000
local TRIES = 4
-- What is done so soon is not slow, whatever the clock makes of it.
local SOON = 0.05
local MOST_TIMES = 10

-- Texts of about n bytes that are bad for readers that search in vain from each place, or from each end.
local TEXTS = {
  ["blanks between letters"] = function(n) return "a" .. (" "):rep(n) .. "b" end,
  ["blanks before a letter"] = function(n) return (" "):rep(n) .. "b" end,
  ["tabs and line ends"] = function(n) return "a" .. ("\t\r\n"):rep(math.floor(n / 3)) .. "b" end,
  ["letters and a colon"] = function(n) return ("a"):rep(n) .. ":" end,
  ["letters and a hash"] = function(n) return ("a"):rep(n) .. "#" end,
  ["letters and commas"] = function(n) return ("a,"):rep(math.floor(n / 2)) end,
  ["blanks and commas"] = function(n) return (" ,"):rep(math.floor(n / 2)) .. "b" end,
  ["digits and a letter"] = function(n) return ("1"):rep(n) .. "x" end,
  ["zeros and a letter"] = function(n) return ("0"):rep(n) .. "x" end,
  ["a fraction of zeros"] = function(n) return "1." .. ("0"):rep(n) .. "x" end,
  ["digits and a port"] = function(n) return ("1"):rep(n) .. ":x" end,
  ["a date with blanks"] = function(n) return "Fri," .. (" "):rep(n) .. "02 Jan 2026 03:04:05 GMT" end,
  ["slashes"] = function(n) return "http://host" .. ("/"):rep(n) .. "x" end,
  ["dots"] = function(n) return ("."):rep(n) .. "x" end,
  ["colons"] = function(n) return ("::"):rep(math.floor(n / 2)) .. "x" end,
  ["brackets"] = function(n) return ("["):rep(n) .. "x" end,
  ["braces"] = function(n) return ("{"):rep(n) end,
  ["quotes"] = function(n) return ('"'):rep(n) .. "x" end,
  ["escapes"] = function(n) return '"' .. ('\\"'):rep(math.floor(n / 2)) end,
  ["quoted words"] = function(n) return ("a'b'"):rep(math.floor(n / 4)) end,
  ["at signs"] = function(n) return ("@"):rep(n) .. "x" end,
  ["percent signs"] = function(n) return ("%"):rep(n) .. "x" end,
  ["references"] = function(n) return ("&"):rep(n) .. ";" end,
  ["a numbered reference"] = function(n) return "&#" .. ("0"):rep(n) .. "x;" end,
  ["pairs"] = function(n) return ("a=b&"):rep(math.floor(n / 4)) end,
  ["tags"] = function(n) return ("<a>"):rep(math.floor(n / 3)) end,
  ["comments"] = function(n) return ("a<!---->"):rep(math.floor(n / 8)) end,
  ["lines that go on"] = function(n) return "[default]\na = b\n" .. (" x\n"):rep(math.floor(n / 3)) end,
  ["bytes that are no UTF-8"] = function(n) return ("\128"):rep(n) end,
}

local function seconds_of(work)
  collectgarbage()
  local before = os.clock()
  work()
  return os.clock() - before
end

-- The best of some tries at both sizes: nothing that the machine does besides makes a try faster.
local function takes_linear_time(reader, make)
  local small, large = make(SMALL), make(LARGE)
  local least_small, least_large = math.huge, math.huge
  for _ = 1, TRIES do
    least_large = math.min(least_large, seconds_of(function() reader(large) end))
    if least_large < SOON then return true end
    least_small = math.min(least_small, seconds_of(function() reader(small) end))
    if least_large < MOST_TIMES * least_small then return true end
  end
  return false, ("%g s for %d bytes, %g s for %d"):format(least_small, SMALL, least_large, LARGE)
end

local OF_ALL_KINDS = fragments.everything().input.by_name

-- As parse.text asks it, with the shape of the items read in the core.
local function list_of(member) return { type = "list", item = member.shape } end

local OPERATION = { errors = {}, exceptions = {} }

local function failure(headers, body)
  return parse.failure(OPERATION, { status = 400, headers = headers, body = body })
end

local function process_that_says(stderr)
  local child = {
    step = function() return true end,
    result = function() return { status = 1, stdout = "", stderr = stderr } end,
  }
  return process.new({
    spawn = function() return child end, settings = { process_timeout = 1 }, monotonic = os.clock, clock = os.time,
  }, { command = "program", profile_name = "p" }):get()
end

local function sts(content)
  return ("<ErrorResponse><Error><Code>%s</Code></Error></ErrorResponse>"):format(content)
end

local function answered(bytes)
  local answer = core.new_answer(2 ^ 20, false)
  answer:take(bytes)
  return answer
end

local ROUTES = router.new { names = { "One" }, fragment = function()
  return { operation = { http = { method = "GET", requestUri = "/backup-vaults/{name}/x" } } }
end }

local function verified(headers)
  return authenticate.verify({ region = "us-east-1", credentials = {}, now = 0 },
    { method = "GET", path = "/", headers = headers, body = "" })
end

local READERS = {
  ["trimming"] = ascii.trim,
  ["an error's name in the body"] = function(text) failure({}, ('{"__type":%s}'):format(json.quote(text))) end,
  ["an error's code in the body"] = function(text) failure({}, ('{"Code":%s}'):format(json.quote(text))) end,
  ["an error's name in a header"] = function(text) failure({ ["x-amzn-errortype"] = text }, "{}") end,
  ["an error that is no JSON"] = function(text) failure({}, text) end,
  ["a list in a header"] = function(text) parse.text(list_of(OF_ALL_KINDS.Text), text) end,
  ["times in a header"] = function(text) parse.text(list_of(OF_ALL_KINDS.When), text) end,
  ["an integer as text"] = function(text) read.text(OF_ALL_KINDS.Whole.shape, text) end,
  ["a float as text"] = function(text) read.text(OF_ALL_KINDS.Ratio.shape, text) end,
  ["a time as text"] = function(text) read.text(OF_ALL_KINDS.When.shape, text) end,
  ["the time of an answer"] = function(text) clock_skew.server_time { date = text } end,
  ["a message about a vault"] = function(text)
    missing_vault.is_missing("among", { code = "ResourceNotFoundException", message = text }, 400, "vault")
    missing_vault.is_missing("among", { code = "AccessDeniedException", message = text }, 403, "vault")
  end,
  ["a number"] = number.parse,
  ["an integer"] = number.parse_integer,
  ["a time"] = time.parse,
  ["a date of HTTP"] = time.parse_http_date,
  ["JSON"] = json.decode,
  ["an answer by its shape"] = function(text) read.document(OF_ALL_KINDS.Inner.shape, text, "lenient") end,
  ["a string of an answer"] = function(text)
    read.document(OF_ALL_KINDS.Inner.shape, ('{"Name":%s}'):format(json.quote(text)), "lenient")
  end,
  ["blanks of an answer"] = function(text)
    read.document(OF_ALL_KINDS.Inner.shape, '{"Other":[' .. text .. "1" .. text .. "]}", "lenient")
  end,
  ["text made visible"] = function(text) visible.text(text, 200) end,
  ["Base64"] = base64.decode,
  ["percent-encoding"] = uri.decode,
  ["an answer of STS"] = function(text) sts_answer.failure(sts(text)) end,
  ["a tag of STS"] = function(text) sts_answer.failure("<" .. text .. ">") end,
  ["a document of credentials"] = function(text) document.read(text, { accessToken = "token" }) end,
  ["a member of a document"] = function(text)
    document.read(('{"a":%s,"accessToken":"x"}'):format(json.quote(text)), { accessToken = "token" })
  end,
  ["what a process complains of"] = process_that_says,
  ["a command line"] = command_line.split,
  ["a list of instance metadata"] = function(text) metadata_client.first_line { body = text } end,
  ["a setting that is true or false"] = conversions.boolean,
  ["a setting that is a number"] = conversions.whole(0),
  ["a setting that is one of a few"] = conversions.one_of("a", "b"),
  ["a setting that is a list"] = conversions.list,
  ["a setting that is a region"] = conversions.region,
  ["a setting that is a URL"] = conversions.url,
  ["keys of the environment"] = function(text)
    credentials_environment.new({ getenv = function() return text end, clock = os.time }):get()
  end,
  ["a shared file"] = function(text) ini.parse(text, "config") end,
  ["a URL"] = url.read,
  ["an endpoint"] = endpoint_url.parse,
  ["a path of an endpoint"] = function(text) endpoint_url.parse("http://host/" .. text) end,
  ["an endpoint as it is shown"] = endpoint_url.shown,
  ["an address"] = ip_address.parse,
  ["a network"] = ip_address.parse_network,
  ["a proxy"] = function(text) proxy.read(text, "x") end,
  ["a proxy's user"] = function(text) proxy.read("http://" .. text .. "@host", "x") end,
  ["exceptions of a proxy"] = function(text)
    local variables = { http_proxy = "http://proxy", no_proxy = text }
    local choose = assert(proxy.new(nil, function(name) return variables[name] end))
    choose("http://host.example")
  end,
  ["a header of an answer"] = function(text) answered("HTTP/1.1 200 OK\r\nX: " .. text .. "\r\n\r\n") end,
  ["the length of an answer"] = function(text)
    answered("HTTP/1.1 200 OK\r\nContent-Length: " .. text:gsub("[\r\n]", " ") .. "\r\n\r\n")
  end,
  ["an answer"] = answered,
  ["a path of a request"] = function(text) ROUTES:match("GET", "/" .. text, text) end,
  ["the authorization of a request"] = function(text) verified { authorization = text } end,
  ["a credential of a request"] = function(text)
    verified { authorization = "AWS4-HMAC-SHA256 Credential=" .. text .. ", SignedHeaders=host, Signature=x" }
  end,
  ["an ARN"] = arn.parse,
}

describe("time grows as the text does, for", function()
  for name, reader in pairs(READERS) do
    it(name, function()
      for kind, make in pairs(TEXTS) do
        local linear, told = takes_linear_time(reader, make)
        assert.is_true(linear, ("%s: %s"):format(kind, told or ""))
      end
    end)
  end

  it("a header that comes many times", function()
    local function repeated(n)
      return answered("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" .. ("x:y\r\n"):rep(n) .. "\r\n"):result()
    end
    assert.equal(3 * 45000 - 2, #assert(repeated(45000)).headers.x)
    assert.is_true((takes_linear_time(repeated, function(n) return n end)))
  end)
end)

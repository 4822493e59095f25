-- What happens between the attempts of one call: waiting, correcting, giving up. The service is a script of answers.

local backup = require "aws.backup"
local time = require "aws.backup.codec.time"

local NOW = 1767323045 -- 2026-01-02T03:04:05Z
local SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

local function fails(status, name, headers)
  local all = { ["x-amzn-errortype"] = name }
  for key, value in pairs(headers or {}) do all[key] = value end
  return { status = status, headers = all, body = '{"Message":"no"}' }
end

local OK = { status = 200, headers = {}, body = "{}" }
local UNAVAILABLE = fails(503, "ServiceUnavailableException")
local THROTTLED = fails(400, "ThrottlingException")

-- A client whose service gives these answers in turn, the last for ever; and what was sent, and how long was slept.
local function new(answers, more)
  local sent, slept = {}, {}
  local options = {
    region = "eu-west-1", env = {}, clock = function() return NOW end, random = function() return 1 end,
    credentials = { access_key_id = "AKID", secret_access_key = SECRET },
    runtime = { sleep = function(seconds) slept[#slept + 1] = seconds end },
    transport = function(request)
      local headers = {}
      for name, value in pairs(request.headers) do headers[name] = value end
      sent[#sent + 1] = { headers = headers, body = request.body, timeout = request.timeout }
      local answer = answers[math.min(#sent, #answers)]
      if answer.kind then return nil, answer.kind, "the network failed", answer.retryable end
      return answer
    end,
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return backup.client(options), sent, slept
end

local function call(client)
  local fine, result, meta = pcall(client.list_backup_vaults, client)
  if fine then return result, meta end
  return nil, result
end

describe("attempts in standard mode", function()
  it("are three, after up to 50 and 100 ms", function()
    local client, sent, slept = new({ UNAVAILABLE })
    local _, failure = call(client)
    assert.equal(3, #sent)
    assert.equal(3, failure.attempts)
    assert.same({ 0.05, 0.1 }, slept)
  end)

  it("wait up to 1 and 2 s when throttled", function()
    local client, sent, slept = new({ THROTTLED, THROTTLED, OK })
    local _, meta = call(client)
    assert.equal(3, #sent)
    assert.equal(3, meta.attempts)
    assert.same({ 1, 2 }, slept)
  end)

  it("keep to the service's hint", function()
    local client, _, slept = new({ fails(503, "ServiceUnavailableException", { ["x-amz-retry-after"] = "1500" }), OK })
    assert.is_table(call(client))
    assert.same({ 1.5 }, slept)
  end)

  it("end after 35 failed retries of a client, and go on once calls succeed", function()
    local client, sent = new({ UNAVAILABLE })
    for _ = 1, 30 do call(client) end
    -- 17 calls of three attempts, one of two when 24 tokens are left, then one attempt a call.
    assert.equal(17 * 3 + 2 + 12, #sent)
  end)

  it("carry one invocation id, and count themselves", function()
    local client, sent = new({ UNAVAILABLE, UNAVAILABLE, OK }, { max_attempts = 4 })
    call(client)
    local ids = {}
    for index, request in ipairs(sent) do ids[index] = request.headers["amz-sdk-invocation-id"] end
    assert.truthy(ids[1]:find("^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$"))
    assert.same({ ids[1], ids[1], ids[1] }, ids)
    assert.equal("attempt=1; max=4", sent[1].headers["amz-sdk-request"])
    assert.equal("attempt=3; max=4", sent[3].headers["amz-sdk-request"])
  end)

  it("tell the service until when they listen, by its own clock, once that is known", function()
    local client, sent = new({ fails(503, "X", { date = time.http_date(NOW + 30) }), OK }, { read_timeout = 60 })
    call(client)
    assert.equal("attempt=1; max=3", sent[1].headers["amz-sdk-request"])
    assert.equal("ttl=20260102T030535Z; attempt=2; max=3", sent[2].headers["amz-sdk-request"])
  end)

  it("are as many as max_attempts says, and one when it is off", function()
    local client, sent = new({ UNAVAILABLE }, { max_attempts = 5 })
    call(client)
    assert.equal(5, #sent)
    client, sent = new({ UNAVAILABLE }, { retry_mode = "off" })
    call(client)
    assert.equal(1, #sent)
  end)

  it("are as many as the environment says, unless the option says otherwise", function()
    local env = { AWS_MAX_ATTEMPTS = "2", AWS_RETRY_MODE = "standard" }
    local client, sent = new({ UNAVAILABLE }, { env = env })
    call(client)
    assert.equal(2, #sent)
    client, sent = new({ UNAVAILABLE }, { env = env, max_attempts = 4 })
    call(client)
    assert.equal(4, #sent)
  end)

  it("follow the transport where it knows better than the kind tells", function()
    for _, case in ipairs({
      { kind = "reset", attempts = 3 }, { kind = "tls", attempts = 1 }, { kind = "proxy", attempts = 1 },
      { kind = "tls", retryable = true, attempts = 3 }, { kind = "proxy", retryable = true, attempts = 3 },
      { kind = "too_large", attempts = 1 }, { kind = "reset", retryable = false, attempts = 1 },
    }) do
      local client, sent = new({ case })
      local _, failure = call(client)
      assert.equal(case.attempts, #sent, case.kind)
      assert.equal(case.attempts == 3, failure.retryable)
      assert.equal(case.kind, failure.kind)
    end
  end)

  it("are not made again after a success that makes no sense", function()
    local client, sent = new({ { status = 200, headers = {}, body = "<html>" } })
    local _, failure = call(client)
    assert.is_true(failure:is("ResponseError"))
    assert.equal(1, #sent)
  end)
end)

describe("the timeout of a call", function()
  it("goes down to the transport with each attempt", function()
    local client, sent = new({ UNAVAILABLE, OK }, { timeout = 5 })
    call(client)
    assert.is_true(sent[1].timeout > 4 and sent[1].timeout <= 5)
    assert.is_true(sent[2].timeout <= sent[1].timeout)
    client, sent = new({ OK })
    call(client)
    assert.is_nil(sent[1].timeout)
  end)

  it("ends it when the next attempt would begin too late", function()
    local client, sent, slept = new({ THROTTLED }, { timeout = 0.9 })
    local _, failure = call(client)
    assert.equal("ThrottlingException", failure.code)
    assert.equal(1, #sent)
    assert.same({}, slept)
  end)
end)

describe("a wrong clock", function()
  local function service(server_clock)
    local function answer(signed)
      local at = time.parse(signed:gsub("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$", "%1-%2-%3T%4:%5:%6Z"))
      if math.abs(at - server_clock) <= 300 then return OK end
      return fails(403, "RequestTimeTooSkewed", { date = time.http_date(server_clock) })
    end
    local sent = {}
    return function(request)
      sent[#sent + 1] = request.headers["x-amz-date"]
      return answer(request.headers["x-amz-date"])
    end, sent
  end

  it("costs one corrected attempt, an hour off each way, and none from then on", function()
    for _, off in ipairs({ 3600, -3600 }) do
      local transport, sent = service(NOW + off)
      local client, _, slept = new({}, { transport = transport })
      local _, meta = call(client)
      assert.equal(2, meta.attempts)
      assert.same({}, slept)
      _, meta = call(client)
      assert.equal(1, meta.attempts)
      assert.equal(3, #sent)
      assert.equal(time.amz_date(NOW + off), sent[3])
    end
  end)

  it("is corrected once a call, not for ever", function()
    local moving = NOW
    local client, sent = new({}, { max_attempts = 5, transport = function()
      moving = moving + 10000
      return fails(403, "RequestTimeTooSkewed", { date = time.http_date(moving) })
    end })
    local _, failure = call(client)
    assert.equal("RequestTimeTooSkewed", failure.code)
    assert.equal(2, failure.attempts)
    assert.equal(0, #sent)
  end)

  it("is not to blame where a cache answers: the Date is as old as the Age", function()
    local client, sent = new({ fails(403, "AccessDeniedException",
      { date = time.http_date(NOW - 3600), age = "3600" }) })
    local _, failure = call(client)
    assert.equal("AccessDeniedException", failure.code)
    assert.equal(1, failure.attempts)
    assert.equal(1, #sent)
  end)

  it("is not to blame where the clocks agree", function()
    local client, sent = new({ fails(403, "SignatureDoesNotMatch", { date = time.http_date(NOW + 20) }) })
    local _, failure = call(client)
    assert.equal("SignatureDoesNotMatch", failure.code)
    assert.equal(1, #sent)
  end)

  it("is learned, but not tried again, when there is to be one attempt only", function()
    local transport, sent = service(NOW + 3600)
    local client = new({}, { transport = transport, retry_mode = "off" })
    local _, failure = call(client)
    assert.equal("RequestTimeTooSkewed", failure.code)
    assert.is_table(call(client))
    assert.equal(2, #sent)
  end)
end)

describe("credentials that the service calls expired", function()
  local EXPIRED = fails(403, "ExpiredTokenException")

  local function counting(ids)
    local count = 0
    return function()
      count = math.min(count + 1, #ids)
      return { access_key_id = ids[count], secret_access_key = SECRET, session_token = "token-of-" .. ids[count] }
    end
  end

  it("are asked for anew once, and the call made again at once", function()
    local client, sent, slept = new({ EXPIRED, OK }, { credentials = counting({ "OLD", "NEW" }) })
    local _, meta = call(client)
    assert.equal(2, meta.attempts)
    assert.truthy(sent[2].headers.authorization:find("Credential=NEW/", 1, true))
    assert.same({}, slept)
  end)

  it("end the call at once where there are no others", function()
    local client, sent = new({ EXPIRED })
    local _, failure = call(client)
    assert.equal("ExpiredTokenException", failure.code)
    assert.equal(1, #sent)
    client, sent = new({ EXPIRED }, { credentials = counting({ "SAME" }) })
    call(client)
    assert.equal(1, #sent)
  end)

  it("are not renewed twice in a call", function()
    local client, sent = new({ EXPIRED }, { credentials = counting({ "A", "B", "C", "D", "E" }), max_attempts = 5 })
    call(client)
    assert.equal(2, #sent)
  end)
end)

describe("adaptive mode", function()
  -- Time passes by sleeping only.
  local function timed(answers, more)
    local now, slept = 1000, {}
    local options = {
      retry_mode = "adaptive", monotonic = function() return now end,
      runtime = { sleep = function(seconds) slept[#slept + 1], now = seconds, now + seconds end },
    }
    for name, value in pairs(more or {}) do options[name] = value end
    local client, sent = new(answers, options)
    return client, sent, slept
  end

  it("waits for its rate after a throttling, on top of the delay, with first attempts as well", function()
    local client, sent, slept = timed({ THROTTLED, OK })
    assert.is_table(call(client))
    -- A delay of one second; at half an attempt a second, one token takes two.
    assert.same({ 1, 1 }, slept)
    call(client)
    assert.equal(3, #sent)
    assert.is_true(#slept > 2)
  end)

  it("sends without waiting as long as nothing is throttled", function()
    local client, _, slept = timed({ OK })
    for _ = 1, 20 do call(client) end
    assert.same({}, slept)
  end)

  it("gives up at the call's timeout rather than wait beyond it", function()
    local client = timed({ THROTTLED }, { max_attempts = 1, timeout = 0.5 })
    call(client)
    local _, failure = call(client)
    assert.equal("timeout", failure.kind)
    assert.truthy(failure.message:find("adaptive", 1, true))
  end)
end)

describe("the User-Agent", function()
  it("names the credentials, and the calls of a wait", function()
    local client, sent = new({ { status = 200, headers = {}, body = '{"State":"COMPLETED"}' } })
    call(client)
    client:wait_for_backup_job("job")
    local function features(index) return "," .. sent[index].headers["user-agent"]:match(" m/(%S+)") .. "," end
    assert.truthy(features(1):find(",e,", 1, true))
    assert.is_nil(features(1):find(",B,", 1, true))
    assert.truthy(features(2):find(",B,", 1, true))
    assert.truthy(features(2):find(",e,", 1, true))
  end)
end)

describe("a traced call", function()
  it("carries the trace of the Lambda invocation, unsigned", function()
    local client, sent = new({ OK }, { env = { AWS_LAMBDA_FUNCTION_NAME = "f", _X_AMZN_TRACE_ID = "Root=1" } })
    call(client)
    assert.equal("Root=1", sent[1].headers["x-amzn-trace-id"])
    assert.is_nil(sent[1].headers.authorization:find("trace", 1, true))
  end)
end)

describe("the debug option", function()
  it("writes each step of a call, free of secrets", function()
    local lines = {}
    local client = new({ UNAVAILABLE, OK }, { debug = function(line) lines[#lines + 1] = line end })
    call(client)
    local all = table.concat(lines, "\n")
    assert.truthy(all:find("ListBackupVaults: attempt 1 of 3: GET https://backup.eu-west-1.amazonaws.com/", 1, true))
    assert.truthy(all:find("HTTP 503", 1, true))
    assert.truthy(all:find("attempt 2: HTTP 200", 1, true))
    assert.is_nil(all:find(SECRET, 1, true))
    assert.is_nil(all:find("Signature", 1, true))
  end)
end)

local play = require "spec.services.sts"
local services = require "spec.services.server"
local sts = require "aws.backup.credentials.sts"
local time = require "aws.backup.codec.time"

local BASE, NOW, TOKEN, FOUND = play.BASE, play.NOW, play.TOKEN, play.FOUND
local WEB = "AssumeRoleWithWebIdentity"

describe("attempts to ask STS", function()
  local server

  setup(function() server = services.start() end)
  teardown(function() server:stop() end)

  local function new_world(settings, overrides) return play.context(server, settings, overrides) end

  local assume, assume_with_token = play.assume, play.assume_with_token
  local function failure_of(...) return play.failure_of(server, ...) end

  describe("that is in trouble", function()
    local TROUBLES = {
      { play.refusal(400, "Throttling", "Rate exceeded"), { 0.5, 1 } },
      { play.refusal(500, "InternalFailure"), { 0.025, 0.05 } },
      { play.refusal(503, "ServiceUnavailable"), { 0.025, 0.05 } },
      { { status = 502, body = "<html><body>502 Bad Gateway</body></html>" }, { 0.025, 0.05 } },
      { { status = 429 }, { 0.5, 1 } },
      { { body = ("x"):rep(100), truncate = 10 }, { 0.025, 0.05 } },
    }

    it("are repeated after the pauses of the client's retries", function()
      for index, case in ipairs(TROUBLES) do
        local trouble, pauses = case[1], case[2]
        trouble.times = 2
        server:script { trouble, play.good() }
        local context = new_world()
        assert.equal(FOUND.access_key_id, assert(assume(context)).access_key_id)
        assert.equal(3, #server:seen(), index)
        assert.same(pauses, context.slept)
      end
    end)

    it("are as many as the client makes", function()
      local script = { play.refusal(500, "InternalFailure", "oops") }
      for _, case in ipairs { { {}, 3 }, { { max_attempts = 5 }, 5 }, { { retry_mode = "off", max_attempts = 1 }, 1 },
          { { retry_mode = "legacy", max_attempts = 5 }, 5 }, { { retry_mode = "adaptive" }, 3 } } do
        local err, seen = failure_of(script, case[1])
        assert.equal(case[2], #seen)
        assert.equal(case[2], err.attempts)
        assert.truthy(tostring(err):find("HTTP 500, InternalFailure: oops", 1, true))
      end
    end)

    it("are not repeated for IDPCommunicationError where there is no token", function()
      local _, seen = failure_of { play.refusal(400, "IDPCommunicationError") }
      assert.equal(1, #seen)
    end)

    it("are each signed anew", function()
      server:script { play.refusal(503, "ServiceUnavailable", "busy", { times = 1 }), play.good() }
      local context = new_world()
      context.sleep = function() context.advance(60) end
      context.http.sleep = context.sleep
      assert(assume(context))
      local seen = server:seen()
      assert.equal(time.amz_date(NOW), seen[1].headers["x-amz-date"])
      assert.equal(time.amz_date(NOW + 60), seen[2].headers["x-amz-date"])
      assert.is_true(play.is_signed(seen[2], BASE, "us-east-1"))
    end)

    it("end rather than wait beyond the deadline", function()
      server:script { play.refusal(400, "Throttling") }
      local context = new_world()
      local found, err = assume(context, nil, nil, nil, context.monotonic() + 0.4)
      assert.is_nil(found)
      assert.equal(1, err.attempts)
      assert.same({}, context.slept)
      found, err = assume(context, nil, nil, nil, context.monotonic() - 1)
      assert.is_nil(found)
      assert.truthy(tostring(err):find("no time was left", 1, true))
      assert.equal(1, #server:seen())
    end)

    it("that get no answer end in an error that tells where STS was asked", function()
      local err = failure_of({ { delay = 5 } }, { read_timeout = 0.05, max_attempts = 1 })
      local where = ("STS at 127.0.0.1:%d gave no answer (read_timeout"):format(server.port)
      assert.truthy(tostring(err):find(where, 1, true), tostring(err))
      assert.equal("read_timeout", err.details.kind)
      assert.is_nil(err.kind)
    end)
  end)

  describe("whose clock is another", function()
    it("are repeated once with the time that it told, without a pause", function()
      for _, ahead in ipairs { 3600, -3600 } do
        for _, code in ipairs { "SignatureDoesNotMatch", "RequestExpired", "RequestInTheFuture" } do
          server:script { play.refusal(403, code, "skewed", { times = 1, ahead = ahead }), play.good { ahead = ahead } }
          local context = new_world()
          assert(assume(context))
          local seen = server:seen()
          assert.equal(2, #seen)
          assert.equal(time.amz_date(NOW + ahead), seen[2].headers["x-amz-date"])
          assert.is_true(play.is_signed(seen[2], BASE, "us-east-1"))
          assert.same({}, context.slept)
        end
      end
    end)

    it("have its time at once from then on", function()
      server:script { play.refusal(403, "RequestExpired", "skewed", { times = 1, ahead = 3600 }),
        play.good { ahead = 3600 } }
      local asking = sts.new(new_world())
      assert(asking:assume_role(play.params(), BASE))
      assert(asking:assume_role(play.params(), BASE))
      assert.equal(3, #server:seen())
    end)

    it("give an expiration that holds by the local clock", function()
      for _, ahead in ipairs { 3600, -3600, 241, 240, 0 } do
        server:script { play.good { ahead = ahead } }
        local found = assert(assume(new_world()))
        local moved = math.abs(ahead) > 240 and 0 or ahead
        assert.equal(NOW + 3600 + moved, found.expiration)
      end
    end)

    it("are not repeated for a signature that is wrong while the clocks agree", function()
      local _, seen = failure_of { play.refusal(403, "SignatureDoesNotMatch", "wrong", { ahead = 200 }) }
      assert.equal(1, #seen)
    end)

    it("have its time once a call, and not where there is to be one attempt", function()
      local script = { play.refusal(403, "RequestExpired", "skewed", { ahead = 3600 }) }
      local _, seen = failure_of(script)
      assert.equal(2, #seen)
      _, seen = failure_of(script, { retry_mode = "off", max_attempts = 1 })
      assert.equal(1, #seen)
    end)

    it("do not change the time that another endpoint is asked with", function()
      server:script {
        play.refusal(403, "RequestExpired", "skewed", { times = 1, path = "/one/", ahead = 3600 }),
        play.good { path = "/one/", ahead = 3600 }, play.good(),
      }
      local context = new_world(nil, { env = { AWS_ENDPOINT_URL_STS = server.url .. "/one" } })
      local asking = sts.new(context)
      assert(asking:assume_role(play.params(), BASE))
      context.env.AWS_ENDPOINT_URL_STS = server.url .. "/two"
      assert(asking:assume_role(play.params(), BASE))
      local seen = server:seen()
      assert.equal("/two/", seen[3].path)
      assert.equal(time.amz_date(NOW), seen[3].headers["x-amz-date"])
    end)
  end)

  describe("with the token of an identity provider", function()
    it("are three when STS refuses the token or can't reach its issuer, each with the token of then", function()
      for _, code in ipairs { "InvalidIdentityToken", "IDPCommunicationError" } do
        server:script { play.refusal(400, code, "no", { times = 2 }), play.good { action = WEB } }
        local reads = 0
        local context = new_world()
        assert(assume_with_token(context, function()
          reads = reads + 1
          return TOKEN .. reads
        end))
        for index, seen in ipairs(server:seen()) do
          assert.equal(TOKEN .. index, play.form(seen.body).WebIdentityToken)
        end
        assert.equal(3, reads)
        assert.same({ 0.5, 1 }, context.slept)
      end
    end)

    it("are three, or as many as the client makes, before that fails", function()
      for _, case in ipairs {
        { { max_attempts = 5 }, 3 }, { { max_attempts = 2 }, 2 }, { { retry_mode = "off", max_attempts = 1 }, 1 },
        { { retry_mode = "legacy", max_attempts = 5 }, 3 },
      } do
        server:script { play.refusal(400, "InvalidIdentityToken", "No OpenIDConnect provider found") }
        local found, err = assume_with_token(new_world(case[1]))
        assert.is_nil(found)
        assert.equal(case[2], err.attempts)
        assert.equal(case[2], #server:seen())
        assert.truthy(tostring(err):find("No OpenIDConnect provider found", 1, true))
        assert.truthy(tostring(err):find("OpenID Connect provider of the role's account", 1, true))
      end
    end)
  end)
end)

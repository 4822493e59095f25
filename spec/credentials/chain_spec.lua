local chain = require "aws.backup.credentials.chain"
local errors = require "aws.backup.errors"
local fakes = require "spec.credentials.fakes"

describe("a chain of providers", function()
  it("gives what the first provider has that has credentials, and is named like it", function()
    local last = fakes.provider("last", fakes.set("LAST"))
    local made = chain.new { fakes.provider("first", "not set"), fakes.provider("second", fakes.set("SECOND")), last }
    assert.equal("default chain", made.name)
    assert.equal("SECOND", made:get().access_key_id)
    assert.equal("second", made.name)
    assert.equal(0, #last.calls)
  end)

  it("asks only the winner later on", function()
    local first = fakes.provider("first", "not set", fakes.set("LATE"))
    local second = fakes.provider("second", fakes.set("A"), fakes.set("B"), "gone")
    local made = chain.new { first, second }
    assert.equal("A", made:get().access_key_id)
    assert.equal("B", made:get(17, "rejected").access_key_id)
    assert.same({ deadline = 17, rejected = "rejected" }, second.calls[2])
    assert.same({ n = 2, nil, "gone" }, { n = select("#", made:get()), made:get() })
    assert.equal(1, #first.calls)
  end)

  it("stops at a provider that is set up, but does not work", function()
    local broken = errors.new("CredentialsError", { message = "no such token file" })
    local last = fakes.provider("last", fakes.set("LAST"))
    local made = chain.new { fakes.provider("first", "not set"), fakes.provider("second", broken), last }
    local found, failure = made:get()
    assert.is_nil(found)
    assert.equal(broken, failure)
    assert.equal(0, #last.calls)
  end)

  it("begins anew after a failure", function()
    local first = fakes.provider("first", errors.new("CredentialsError", { message = "busy" }), fakes.set("FIRST"))
    local made = chain.new { first }
    assert.is_nil((made:get()))
    assert.equal("FIRST", made:get().access_key_id)
  end)

  it("tells in order whom it asked and why each had none, and what to do", function()
    local found, failure = chain.new({ fakes.provider("first", "A is not set"),
      fakes.provider("second", "B is not set") }):get()
    assert.is_nil(found)
    assert.is_true(failure:is("NoCredentialsError"))
    assert.is_true(failure:is("CredentialsError"))
    assert.is_false(failure.retryable)
    assert.same({ "first: A is not set", "second: B is not set" }, failure.details.providers)
    assert.truthy(failure.message:find("first: A is not set; second: B is not set", 1, true))
    for _, remedy in ipairs { "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "the option credentials" } do
      assert.truthy(failure.message:find(remedy, 1, true), remedy)
    end
    assert.is_nil(tostring(failure):find("\n", 1, true))
  end)
end)

-- backup.parallel in a real nginx.

local cjson = require "cjson"

local nginx_server = require "spec.nginx.server"
local services = require "spec.services.server"

describe("in nginx, functions that run in parallel", function()
  local service, nginx

  setup(function()
    service = services.start()
    service:script { { body = "{}", delay = 0.1 } }
    nginx = nginx_server.start {
      template = "spec/runtime/light_threads.conf.in", values = { UPSTREAM = service.url },
    }
  end)
  teardown(function()
    nginx:stop()
    service:stop()
  end)

  local function case(name)
    return cjson.decode((nginx:ask("/case?name=" .. name)))
  end

  it("are under way at the same time", function()
    local outcome = case("calls")
    assert.equal(20, outcome.begun_at_first_end)
    for index = 1, 20 do assert.equal(index, outcome.values[index]) end
  end)

  it("are never more than they may be", function()
    local outcome = case("bound")
    assert.equal(3, outcome.most)
    for index = 1, 10 do assert.equal(index, outcome.values[index]) end
  end)

  it("keep the worker serving others", function()
    local slow = nginx:start_transfer("/case?name=bound")
    local served = 0
    while not slow:done() do
      assert.equal("quick", (nginx:ask("/quick")))
      served = served + 1
    end
    assert.equal(200, slow:result().status)
    assert.is_true(served > 10, served .. " requests")
  end)

  it("have their errors as they were raised, and may wait for whatever nginx can", function()
    assert.same({ same_table = true, refused = true, value = "slept" }, case("errors"))
  end)

  it("may run others in parallel", function()
    assert.same({ 36, 66, 96, 126 }, case("nested"))
  end)

  it("may be many that end without a wait", function()
    assert.same({ count = 5000, last = 5000, done = 5000 }, case("many"))
  end)

  it("are told of as they end, by a function that may wait itself", function()
    assert.same({ { 3, 0.01, true }, { 3, 0.02, true }, { 3, 0.03, true } }, case("progress"))
  end)

  it("are ended by what on_progress raises", function()
    assert.same({ fine = false, failure = "enough", begun = 5, went_on = 0 }, case("ended"))
  end)

  it("fail one by one in a phase that can't wait, with the way out", function()
    nginx:ask("/log")
    local logged = nginx:ask("/outcome?phase=log")
    assert.equal(2, select(2, logged:gsub('in the phase "log" of nginx nothing can be waited for', "")))
  end)

  it("run in init_by_lua as outside of nginx", function()
    assert.same({ "first", "second" }, cjson.decode((nginx:ask("/outcome?phase=init"))))
  end)
end)

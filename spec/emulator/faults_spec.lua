local helper = require "spec.emulator.helper"

describe("an injected fault", function()
  local target

  before_each(function() target = helper.with_vault() end)

  local THROTTLED = { code = "ThrottlingException", message = "Rate exceeded", status = 400 }

  it("makes the next call fail with an answer, once", function()
    target:inject { error = THROTTLED }
    local _, failure, response = helper.call(target, "ListBackupVaults")
    assert.are.equal("ThrottlingException", failure.code)
    assert.are.equal("Rate exceeded", failure.message)
    assert.are.equal(400, failure.status)
    assert.is_string(response.headers["x-amzn-requestid"])
    assert.is_table((helper.call(target, "ListBackupVaults")))
  end)

  it("has the status and the headers that it is given", function()
    target:inject { error = { code = "InternalFailure", status = 500, headers = { ["Retry-After"] = 2 } } }
    local _, failure, response = helper.call(target, "ListBackupVaults")
    assert.are.equal(500, failure.status)
    assert.are.equal("2", response.headers["retry-after"])
  end)

  it("can be a connection that is lost", function()
    target:inject { kind = "reset", message = "connection reset by peer" }
    local _, failure = helper.call(target, "ListBackupVaults")
    assert.are.same({ kind = "reset", message = "connection reset by peer" }, failure)
    target:inject { kind = "read_timeout" }
    _, failure = helper.call(target, "ListBackupVaults")
    assert.are.equal("read_timeout", failure.kind)
    assert.is_string(failure.message)
  end)

  it("leaves nothing done", function()
    target:inject { error = THROTTLED }
    helper.call(target, "StartBackupJob", helper.job())
    assert.are.equal(0, #helper.must(target, "ListBackupJobs").BackupJobs)
  end)

  it("meets calls of one operation only, by either of its names", function()
    for _, name in ipairs { "StartBackupJob", "start_backup_job" } do
      target:inject { operation = name, error = THROTTLED }
      assert.is_table((helper.call(target, "ListBackupVaults")))
      local _, failure = helper.call(target, "StartBackupJob", helper.job())
      assert.are.equal("ThrottlingException", failure.code)
    end
  end)

  it("comes as often as it is told, after as many calls as it is told", function()
    target:inject { times = 2, after = 1, error = THROTTLED }
    local outcomes = {}
    for index = 1, 5 do outcomes[index] = (helper.call(target, "ListBackupVaults")) ~= nil end
    assert.are.same({ true, false, false, true, true }, outcomes)
  end)

  it("comes in the order of injection", function()
    target:inject { error = THROTTLED }
    target:inject { kind = "reset" }
    local _, first = helper.call(target, "ListBackupVaults")
    local _, second = helper.call(target, "ListBackupVaults")
    assert.are.same({ "ThrottlingException", "reset" }, { first.code, second.kind })
  end)

  it("can be taken back", function()
    local handle = target:inject { times = 100, error = THROTTLED }
    assert.is_nil((helper.call(target, "ListBackupVaults")))
    handle.remove()
    assert.is_table((helper.call(target, "ListBackupVaults")))
    handle.remove()
  end)

  it("must make sense", function()
    for words, fault in pairs {
      ["a fault is a table"] = "reset",
      ["either an error or a kind"] = {},
      ["has either an error or a kind"] = { error = THROTTLED, kind = "reset" },
      ["no kind of transport failure: gremlin"] = { kind = "gremlin" },
      ["unknown field of fault: time"] = { kind = "reset", time = 2 },
      ["unknown field of fault.error: text"] = { error = { code = "X", text = "x" } },
      ["there is no operation StartBackup"] = { operation = "StartBackup", kind = "reset" },
      ["fault.times must be"] = { times = 0, kind = "reset" },
      ["fault.after must be"] = { after = -1, kind = "reset" },
      ["fault.error must be a table"] = { error = "ThrottlingException" },
      ["fault.error.code must be"] = { error = {} },
      ["fault.error.status must be"] = { error = { code = "X", status = 200 } },
      ["fault.error.headers must be"] = { error = { code = "X", headers = "x" } },
      ["fault.error.message must be"] = { error = { code = "X", message = 5 } },
      ["fault.message must be"] = { kind = "reset", message = 5 },
    } do
      local ok, message = pcall(target.inject, target, fault)
      assert.is_false(ok)
      assert.matches(words, message, 1, true)
    end
  end)
end)

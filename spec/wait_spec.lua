local errors = require "aws.backup.errors"
local wait = require "aws.backup.wait"

-- A service that answers DescribeBackupJob with one answer after the other; the last one stays.
local function service(answers, children)
  local asked = 0
  return function(operation, params)
    if operation == "ListBackupJobs" then return children(params) end
    assert.equal("DescribeBackupJob", operation)
    asked = math.min(asked + 1, #answers)
    local answer = answers[asked]
    if answer.is then return nil, answer end
    answer.BackupJobId = params.BackupJobId
    return answer
  end
end

-- Runs a wait in time that passes only by sleeping.
local function run(answers, options, children)
  local now, slept = 0, {}
  local job, second = wait.backup_job(service(answers, children), "job-1", options or {},
    function(seconds) slept[#slept + 1] = seconds; now = now + seconds end,
    function() return now end)
  return job, second, slept
end

local function state(name, message) return { State = name, StatusMessage = message } end

local function throttled()
  return errors.new("ServiceError", { code = "ThrottlingException", message = "Rate exceeded", retryable = true })
end

local function missing()
  return errors.new("ResourceNotFoundException", { message = "no such job" })
end

describe("wait.backup_job", function()
  it("returns the last description of a job that completes", function()
    local job, children = run { state "CREATED", state "PENDING", state "RUNNING", state "COMPLETED" }
    assert.equal("COMPLETED", job.State)
    assert.is_nil(children)
  end)

  it("raises nothing itself: the three bad ends come back as JobFailedError with the job", function()
    for _, name in ipairs({ "ABORTED", "FAILED", "EXPIRED" }) do
      local job, failure = run { state "RUNNING", state(name, "because of this") }
      assert.is_nil(job)
      assert.is_true(failure:is("JobFailedError"))
      assert.is_true(failure:is("WaitError"))
      assert.equal(name, failure.job.State)
      assert.truthy(failure.message:find(name .. ": because of this", 1, true))
    end
  end)

  it("says so when a failed job gave no message", function()
    local _, failure = run { state "FAILED" }
    assert.truthy(failure.message:find("no message was given", 1, true))
  end)

  it("goes on while a job is being stopped, and in a state it does not know", function()
    local _, failure, slept = run { state "ABORTING", state "THINKING", state "ABORTED" }
    assert.equal("ABORTED", failure.job.State)
    assert.equal(2, #slept)
  end)

  it("returns a job that ended PARTIAL together with its children, over all pages", function()
    local tokens = {}
    local function children(params)
      assert.equal("job-1", params.ByParentJobId)
      tokens[#tokens + 1] = params.NextToken or "first"
      if params.NextToken == "2" then return { BackupJobs = { { BackupJobId = "c", State = "FAILED" } } } end
      return { BackupJobs = { { BackupJobId = "a" }, { BackupJobId = "b" } }, NextToken = "2" }
    end
    local job, found = run({ state "PARTIAL" }, {}, children)
    assert.equal("PARTIAL", job.State)
    assert.same({ "first", "2" }, tokens)
    assert.equal(3, #found)
    assert.equal("FAILED", found[3].State)
  end)

  it("does not ask for ever when the service repeats a page's token", function()
    local pages = 0
    local _, found = run({ state "PARTIAL" }, {}, function()
      pages = pages + 1
      return { BackupJobs = { { BackupJobId = tostring(pages) } }, NextToken = "same" }
    end)
    assert.equal(2, #found)
  end)

  it("passes on why the children could not be listed", function()
    local job, failure = run({ state "PARTIAL" }, {}, function() return nil, throttled() end)
    assert.is_nil(job)
    assert.equal("ThrottlingException", failure.code)
  end)

  it("asks more and more rarely, up to the longest interval", function()
    local answers = {}
    for index = 1, 9 do answers[index] = state "RUNNING" end
    answers[10] = state "COMPLETED"
    local _, _, slept = run(answers, { interval = 4, max_interval = 10 })
    assert.same({ 4, 6, 9, 10, 10, 10, 10, 10, 10 }, slept)
  end)

  it("never asks more often than an interval above the usual longest one", function()
    local _, _, slept = run({ state "RUNNING", state "RUNNING", state "COMPLETED" }, { interval = 60 })
    assert.same({ 60, 60 }, slept)
  end)

  it("ends at its time limit with the last job, and sleeps no longer than that", function()
    local _, failure, slept = run({ state "RUNNING" }, { timeout = 7, interval = 4 })
    assert.is_true(failure:is("WaitTimeoutError"))
    assert.equal("RUNNING", failure.job.State)
    assert.same({ 4, 3 }, slept)
  end)

  it("counts what it slept where the clock stands still", function()
    local slept = 0
    local job, failure = wait.backup_job(service { state "RUNNING" }, "job-1", { timeout = 10, interval = 5 },
      function(seconds) slept = slept + seconds end, function() return 0 end)
    assert.is_nil(job)
    assert.is_true(failure:is("WaitTimeoutError"))
    assert.equal(10, slept)
  end)

  it("tells each look to on_progress", function()
    local seen = {}
    run({ state "CREATED", state "RUNNING", state "COMPLETED" },
      { on_progress = function(job) seen[#seen + 1] = job.State end })
    assert.same({ "CREATED", "RUNNING", "COMPLETED" }, seen)
  end)

  it("bears three failures in a row that are worth another try, not four", function()
    local job = run { state "RUNNING", throttled(), throttled(), throttled(), state "COMPLETED" }
    assert.equal("COMPLETED", job.State)
    local _, failure = run { state "RUNNING", throttled(), throttled(), throttled(), throttled() }
    assert.equal("ThrottlingException", failure.code)
  end)

  it("ends at once at a failure that repeating does not mend", function()
    local _, failure, slept = run { errors.new("ServiceError", { code = "AccessDeniedException", message = "no" }) }
    assert.equal("AccessDeniedException", failure.code)
    assert.equal(0, #slept)
  end)

  it("waits for a job that is not visible yet, half a minute at most", function()
    assert.equal("COMPLETED", run({ missing(), missing(), state "COMPLETED" }).State)
    local _, failure, slept = run { missing() }
    assert.is_true(failure:is("ResourceNotFoundException"))
    local total = 0
    for _, seconds in ipairs(slept) do total = total + seconds end
    assert.is_true(total >= 30 and total < 60)
  end)

  it("does not wait for a job that was there and is gone", function()
    local _, failure, slept = run { state "RUNNING", missing() }
    assert.is_true(failure:is("ResourceNotFoundException"))
    assert.equal(1, #slept)
  end)

  it("refuses options that do not exist or make no sense", function()
    local _, failure = run({ state "COMPLETED" }, { intervall = 5 })
    assert.truthy(failure.message:find("did you mean interval?", 1, true))
    for name, value in pairs({ timeout = 0, interval = -1, max_interval = "5", on_progress = 5 }) do
      _, failure = run({ state "COMPLETED" }, { [name] = value })
      assert.is_true(failure:is("ConfigError"))
      assert.truthy(failure.message:find("the option " .. name .. " must be", 1, true))
    end
    _, failure = run({ state "COMPLETED" }, 5)
    assert.is_true(failure:is("ConfigError"))
  end)
end)

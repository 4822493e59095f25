--- Starts the backups of nightly_plan.lua, once a night over all workers.

-- luacheck: std ngx_lua

local backup = require "aws.backup"
local client = require "backup_client"
local plan = require "nightly_plan"

local nightly = {}

-- Longer than a night, so that nobody takes a turn again that was taken.
local TURN_SECONDS = 36 * 3600

-- The date, UTC, if it is time for its backups.
local function due_date()
  local date, time = os.date("!%Y-%m-%d %H:%M", ngx.time()):match("^(%S+) (%S+)$")
  return time >= plan.from and time < plan.before and date or nil
end

-- Whether this worker is the first to ask. A reload keeps the dictionary.
local function take_turn(date)
  local taken, reason = ngx.shared.nightly:add(date, true, TURN_SECONDS)
  if taken or reason == "exists" then return taken end
  ngx.log(ngx.ERR, "nightly backups of ", date, ": the dictionary takes no turn: ", reason)
  return false
end

-- A restart forgets whose turn it was. The token makes sure that no second job is started for the same night.
local function start_job(job, date)
  local params = { IdempotencyToken = table.concat({ "nightly", date, job.BackupVaultName, job.ResourceArn }, " ") }
  for name, value in pairs(job) do params[name] = value end
  return client:start_backup_job(params).BackupJobId
end

local function start_jobs(date)
  local results = backup.parallel(plan.jobs, function(job) return start_job(job, date) end,
    { concurrency = plan.at_once })
  local started = 0
  for index, result in ipairs(results) do
    if result.ok then
      started = started + 1
    else
      ngx.log(ngx.ERR, "no nightly backup of ", plan.jobs[index].ResourceArn, ": ", tostring(result.error))
    end
  end
  ngx.log(ngx.NOTICE, "nightly backups of ", date, ": started ", started, " of ", #results)
end

local function tick(premature)
  -- The worker exits. The one after it has a timer of its own.
  if premature then return end
  local date = due_date()
  if not date or not take_turn(date) then return end
  local fine, failure = pcall(start_jobs, date)
  if not fine then ngx.log(ngx.ERR, "nightly backups of ", date, ": ", tostring(failure)) end
end

--- Begins to look at the clock. To be called in init_worker_by_lua.
function nightly.start()
  local started, reason = ngx.timer.every(plan.look_seconds, tick)
  if not started then ngx.log(ngx.ERR, "there will be no nightly backups: ", reason) end
end

return nightly

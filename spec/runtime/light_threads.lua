--- What runs in the nginx of spec/runtime/light_threads_spec.lua: each case answers with what came of it, in JSON.

-- luacheck: std ngx_lua

local cjson = require "cjson"

local backup = require "aws.backup"
local blocking = require "aws.backup.runtime.blocking"

local threads = {}

local client = backup.client {
  region = "eu-west-1", endpoint_url = assert(os.getenv("UPSTREAM")), random = function() return 0 end,
  credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
}

local function list()
  return client:list_backup_vaults {}
end

local function numbers(count)
  local items = {}
  for index = 1, count do items[index] = index end
  return items
end

local cases = {}

-- How many functions had begun when the first one ended, and the most that were under way.
local function count_calls(count, options)
  local begun, begun_at_first_end, running, most = 0, nil, 0, 0
  local results = backup.parallel(numbers(count), function(index)
    begun, running = begun + 1, running + 1
    most = math.max(most, running)
    list()
    begun_at_first_end = begun_at_first_end or begun
    running = running - 1
    return index
  end, options)
  local values = {}
  for index, result in ipairs(results) do values[index] = result.value or tostring(result.error) end
  return { begun_at_first_end = begun_at_first_end, most = most, values = values }
end

function cases.calls() return count_calls(20) end
function cases.bound() return count_calls(10, { concurrency = 3 }) end

function cases.errors()
  local raised = { mine = true }
  local results = backup.parallel(numbers(3), function(index)
    if index == 1 then error(raised) end
    if index == 2 then return client:describe_backup_vault {} end
    ngx.sleep(0.01)
    return "slept"
  end)
  return {
    same_table = results[1].error == raised, refused = backup.is(results[2].error, "ParamValidationError"),
    value = results[3].value,
  }
end

function cases.nested()
  local results = backup.parallel(numbers(4), function(outer)
    local inner = backup.parallel(numbers(3), function(index)
      list()
      return outer * 10 + index
    end)
    return inner[1].value + inner[2].value + inner[3].value
  end)
  return { results[1].value, results[2].value, results[3].value, results[4].value }
end

function cases.many()
  local done = 0
  local results = backup.parallel(numbers(5000), function(index) return index end, {
    concurrency = 50, on_progress = function() done = done + 1 end,
  })
  return { count = #results, last = results[5000].value, done = done }
end

function cases.progress()
  local told = {}
  backup.parallel({ 0.03, 0.01, 0.02 }, function(seconds) ngx.sleep(seconds) end, {
    on_progress = function(done, total, item, result)
      list()
      told[done] = { total, item, result.ok }
    end,
  })
  return told
end

function cases.ended()
  local begun, went_on = 0, 0
  local fine, failure = pcall(backup.parallel, numbers(6), function(index)
    begun = begun + 1
    ngx.sleep(index == 1 and 0 or 0.1)
    if index > 1 then went_on = went_on + 1 end
  end, { concurrency = 5, on_progress = function() error("enough", 0) end })
  ngx.sleep(0.15)
  return { fine = fine, failure = failure, begun = begun, went_on = went_on }
end

--- Answers the current request with what comes of a case.
function threads.run(name)
  ngx.print(cjson.encode(cases[name]()))
end

--- Keeps what comes of a call in parallel in a phase that can't wait.
function threads.log()
  local results = backup.parallel({ "one", "two" }, list)
  ngx.shared.outcomes:set("log", tostring(results[1].error) .. "\n" .. tostring(results[2].error))
end

--- Keeps what comes of functions that wait in init_by_lua.
function threads.init()
  local ended = {}
  backup.parallel({ 0.02, 0.01 }, function(seconds)
    blocking.sleep(seconds)
    ended[#ended + 1] = seconds == 0.01 and "first" or "second"
  end)
  ngx.shared.outcomes:set("init", cjson.encode(ended))
end

return threads

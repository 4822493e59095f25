-- A program that gets Ctrl-C in the midst of calls in parallel, and tells what came of it. Its argument is where the
-- service is that answers too late.

local backup = require "aws.backup"
local core = require "aws.backup.core"

local catching = _VERSION == "Lua 5.1" and require("coxpcall").pcall or pcall

local client = backup.client {
  region = "us-east-1", endpoint_url = arg[1], env = {}, max_attempts = 1,
  credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
}

local unwound = 0

-- Each function lets go of what it holds, and each second one won't give up.
local function call(index)
  local _, reason = catching(function()
    if index == 4 then return client:wait_for_backup_job("job-1", { interval = 50 }) end
    return client:list_backup_vaults {}
  end)
  unwound = unwound + 1
  if index % 2 == 0 then return client:list_backup_vaults {} end
  error(reason, 0)
end

os.execute(("(sleep 0.3; kill -INT %d) &"):format(core.pid()))
local _, failure = pcall(backup.parallel, { 1, 2, 3, 4 }, call)
print("raised: " .. tostring(failure):match("^[^\n]*"))
print("unwound: " .. unwound)
print("under way: " .. core.engine():step(0))

-- Nothing of it is left: the next one works as ever.
local results = backup.parallel({ "not" }, function(word) return "interrupted! " .. word end)
print("afterwards: " .. results[1].value)

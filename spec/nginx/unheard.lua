-- Calls that fail in a real nginx: see unheard.conf.in.

-- luacheck: std ngx_lua

local backup = require "aws.backup"

local unheard = {}

unheard.client = backup.client {
  region = "eu-west-1", env = {}, retry_mode = "off",
  transport = function(request) return nil, "reset", "gone with " .. request.path:match("[^/]*$") end,
  credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
}

local function call(name)
  unheard.client:describe_backup_vault { BackupVaultName = name } -- the line that is told
end
unheard.call = call

-- What somebody catches, in each way that there is.
function unheard.catch()
  local caught = {}
  local function keep(_, err) caught[#caught + 1] = backup.is(err, "TransportError") and "caught" or tostring(err) end
  keep(pcall(call, "pcall"))
  keep(xpcall(call, function(err) return err end, "xpcall"))
  keep(coroutine.resume(coroutine.create(function() call("coroutine") end)))
  keep(select(2, ngx.thread.wait(ngx.thread.spawn(function() return pcall(call, "thread-pcall") end))))
  local results = backup.parallel({ "parallel" }, call)
  keep(nil, results[1].error)
  return table.concat(caught, " ")
end

return unheard

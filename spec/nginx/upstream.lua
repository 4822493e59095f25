--- Plays DescribeBackupVault for the specs of spec/nginx. The name of a vault says how it is answered: `slow-50-x`
--- after 50 ms, `held-x` when the spec releases it, `flaky-x` with an error the first time.

-- luacheck: std ngx_lua

local semaphore = require "ngx.semaphore"

local upstream = {}

local LONGEST_HOLD_SECONDS = 30

-- How often each vault was asked for, and how many are held: seen by all requests of the one worker.
local seen, held, released = {}, 0, nil

local function hold()
  released = released or semaphore.new()
  held = held + 1
  assert(released:wait(LONGEST_HOLD_SECONDS))
end

--- Answers for the vault of that name.
function upstream.describe_vault(name)
  seen[name] = (seen[name] or 0) + 1
  local milliseconds = name:match("^slow%-(%d+)")
  if milliseconds then ngx.sleep(milliseconds / 1000) end
  if name:find("^held") then hold() end
  if name:find("^flaky") and seen[name] == 1 then
    ngx.status = ngx.HTTP_SERVICE_UNAVAILABLE
    return ngx.print("{}")
  end
  return ngx.print(('{"BackupVaultName":"%s"}'):format(name))
end

--- Tells how often the vault of the argument `name` was asked for, and how many are held.
function upstream.tell_seen()
  ngx.print((seen[ngx.var.arg_name or ""] or 0) .. " " .. held)
end

--- Lets all go on that are held.
function upstream.release()
  if held > 0 then released:post(held) end
  held = 0
end

return upstream

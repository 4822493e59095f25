--- What to add to an error about a missing setting inside nginx: there are no environment variables in its workers, so
-- what was not read while nginx read its configuration is not there.

local phase = require "aws.backup.runtime.phase"

local worker_hint = {}

-- Whether this module was loaded by a worker, which has no environment. Under lua_code_cache off a worker runs
-- init_by_lua once more for each request: that the environment is gone is seen by what every process has that was not
-- robbed of it. A fact about this Lua state, which never changes.
local function is_worker()
  local name = phase.current()
  if name ~= "init" then return name ~= nil end
  return os.getenv("PATH") == nil
end

local loaded_by_worker = is_worker()

local HINT = ". This worker of nginx has no environment variables: require aws.backup in init_by_lua, where they are "
  .. "still there; under lua_code_cache off that is not enough, so name each in nginx.conf, outside http "
  .. "(env AWS_REGION; env AWS_ACCESS_KEY_ID; env AWS_SECRET_ACCESS_KEY; env HOME; ...)"

--- The hint, or an empty text where it would be wrong: outside nginx, and where variables were read in time.
---@return string
function worker_hint.text()
  return loaded_by_worker and HINT or ""
end

return worker_hint

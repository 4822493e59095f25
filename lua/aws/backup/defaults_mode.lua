--- Defaults modes: sets of defaults that AWS made for kinds of networks ("AWS SDKs and Tools Reference Guide", Smart
-- configuration defaults). Of what a mode sets, only the time to connect differs from the defaults of this client:
-- every mode has the standard retries and the regional endpoints of STS, and so has this client without one.

local defaults_mode = {}

-- Ours, for `legacy`, which leaves the choice to each SDK.
local CONNECT_SECONDS_WITHOUT_MODE = 10

-- Seconds, as published: for the TCP connection and for the TLS handshake.
local SECONDS = {
  standard = { connect = 3.1, tls = 3.1 },
  ["cross-region"] = { connect = 3.1, tls = 3.1 },
  ["in-region"] = { connect = 1.1, tls = 1.1 },
  mobile = { connect = 30, tls = 30 },
}

--- The connect timeout of a mode. The client's connect timeout covers TCP and TLS, so it is the sum of the mode's two.
---@param mode string  not "auto"
---@return number seconds
function defaults_mode.connect_timeout(mode)
  local seconds = SECONDS[mode]
  return seconds and seconds.connect + seconds.tls or CONNECT_SECONDS_WITHOUT_MODE
end

-- The region that this program runs in, if it can be told. The variables of the region may be set anywhere; only where
-- AWS runs the program, which AWS_EXECUTION_ENV says, do they tell where that is.
local function current_region(getenv, instance_region)
  local named = getenv("AWS_EXECUTION_ENV") and (getenv("AWS_REGION") or getenv("AWS_DEFAULT_REGION"))
  return named or instance_region()
end

--- The mode that "auto" stands for here; any other mode stands for itself.
---@param mode string
---@param region string?  the client's
---@param getenv fun(name: string): string?
---@param instance_region fun(): string?  asks instance metadata; called only if nothing else tells; nil if it can't
---@return string mode
function defaults_mode.settle(mode, region, getenv, instance_region)
  if mode ~= "auto" then return mode end
  local current = current_region(getenv, instance_region)
  if not current or not region then return "standard" end
  return current == region and "in-region" or "cross-region"
end

return defaults_mode

--- The states of a backup job that it does not leave (API reference, DescribeBackupJob). A state that is in neither
-- set counts as under way: the service may add one.

local job_states = {
  SUCCESS = { COMPLETED = true, PARTIAL = true },
  FAILURE = { ABORTED = true, FAILED = true, EXPIRED = true },
}

---@param state string
---@return boolean
function job_states.is_final(state)
  return job_states.SUCCESS[state] or job_states.FAILURE[state] or false
end

return job_states

--- Shows how a job gets on: a bar redrawn in place on a terminal, plain lines elsewhere (a log, a pipe).

local core = require "aws.backup.core"
local job_states = require "aws.backup.job_states"

local progress = {}

local UNITS = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" }

-- PercentDone is a text: "45.0", sometimes "45.00%", often absent. Only its whole part is used, which no locale
-- can spoil.
local function percent_of(job)
  if job.State == "COMPLETED" then return 100 end
  local whole = type(job.PercentDone) == "string" and job.PercentDone:match("^%s*(%d+)")
  return whole and math.min(tonumber(whole), 100) or 0
end

local function size_of(bytes)
  if type(bytes) ~= "number" or bytes <= 0 then return nil end
  local unit = 1
  while bytes >= 1024 and unit < #UNITS do bytes, unit = bytes / 1024, unit + 1 end
  return string.format("%d %s", math.floor(bytes + 0.5), UNITS[unit])
end

-- A service's text on a person's terminal: no control character gets through.
local function printable(text)
  return (text:gsub("%c", " "))
end

local function detail_of(job)
  local parts = { tostring(job.State) }
  parts[#parts + 1] = size_of(job.BytesTransferred)
  if job.StatusMessage and job.StatusMessage ~= "" then parts[#parts + 1] = printable(job.StatusMessage) end
  return table.concat(parts, "  ")
end

local function bar_line(job, columns)
  local percent = percent_of(job)
  local detail = detail_of(job)
  local width = math.max(10, math.min(40, columns - 40))
  local filled = math.floor(width * percent / 100)
  local line = string.format("[%s%s] %3d%%  %s", ("#"):rep(filled), ("."):rep(width - filled), percent, detail)
  return line:sub(1, columns - 1)
end

local function on_terminal(file, columns)
  local drawn = 0
  return function(job)
    local line = bar_line(job, columns)
    file:write("\r", line, (" "):rep(math.max(0, drawn - #line)))
    drawn = #line
    if job_states.is_final(job.State) then file:write("\n") end
    file:flush()
  end
end

local function plain(file)
  local last
  return function(job)
    -- Every ten percent and every state is worth a line; each poll is not.
    local key = tostring(job.State) .. math.floor(percent_of(job) / 10)
    if key == last then return end
    last = key
    file:write(string.format("%3d%%  %s\n", percent_of(job), detail_of(job)))
    file:flush()
  end
end

--- An `on_progress` function that writes to a file.
---@param file file*  or anything with write and flush
---@param columns? integer  width of the terminal; default: asked of the system, nil if the file is none
---@return fun(job: table)
function progress.new(file, columns)
  if columns == nil and io.type(file) == "file" then columns = core.terminal_width(file) end
  if columns then return on_terminal(file, columns) end
  return plain(file)
end

return progress

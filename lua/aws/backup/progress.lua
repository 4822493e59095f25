--- Shows how jobs get on: a bar for each, redrawn in place, on a terminal, plain lines elsewhere (a log, a pipe). One
-- function serves any number of jobs, which it tells apart by their ids.

local core = require "aws.backup.core"
local errors = require "aws.backup.errors"
local is_callable = require "aws.backup.callable"
local job_states = require "aws.backup.job_states"
local raise = require "aws.backup.raise"
local terminal_text = require "aws.backup.terminal_text"

local floor = math.floor

local progress = {}

local UNITS = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" }

local NARROWEST_BAR, WIDEST_BAR = 10, 20
-- Columns that what stands beside a bar should have.
local BESIDE_BAR = 40
local WIDEST_NAME = 16

-- PercentDone is a text: "45.0", sometimes "45.00%", often absent. Only its whole part is used, which no locale
-- can spoil.
local function percent_of(job)
  if job.State == "COMPLETED" then return 100 end
  local whole = type(job.PercentDone) == "string" and job.PercentDone:match("^ *(%d+)")
  return whole and math.min(tonumber(whole), 100) or 0
end

local function size_of(bytes)
  if type(bytes) ~= "number" or bytes <= 0 then return nil end
  local unit = 1
  while bytes >= 1024 and unit < #UNITS do bytes, unit = bytes / 1024, unit + 1 end
  return string.format("%d %s", floor(bytes + 0.5), UNITS[unit])
end

-- 0:05, 12:34, 1:02:03; days are hours, too.
local function duration(seconds)
  local whole = floor(math.max(seconds, 0))
  local hours, minutes = floor(whole / 3600), floor(whole % 3600 / 60)
  if hours == 0 then return string.format("%d:%02d", minutes, whole % 60) end
  return string.format("%d:%02d:%02d", hours, minutes, whole % 60)
end

-- How long a job has taken, and how long the service expects it to take in all.
local function times_of(job, now)
  local began, ended, expected = job.CreationDate, job.CompletionDate, job.ExpectedCompletionDate
  if type(began) ~= "number" then return nil end
  if job_states.is_final(job.State) then
    return type(ended) == "number" and duration(ended - began) .. " elapsed" or nil
  end
  if type(expected) ~= "number" then return duration(now - began) .. " elapsed" end
  return duration(now - began) .. " of " .. duration(expected - began) .. " expected"
end

local function text_of(value)
  return type(value) == "string" and value ~= "" and terminal_text.clean(value) or nil
end

-- What a person calls a resource: the end of its ARN, behind the account.
local function name_of(job)
  local arn = text_of(job.ResourceArn)
  local name = arn and (arn:match("^arn:[^:]*:[^:]*:[^:]*:[^:]*:(.+)$") or arn)
  return name and (terminal_text.cut(name, WIDEST_NAME)) or nil
end

local function join(...)
  local parts = {}
  for index = 1, select("#", ...) do parts[#parts + 1] = (select(index, ...)) end
  return table.concat(parts, "  ")
end

local function state_of(job)
  return text_of(job.State) or "no state"
end

local function id_of(job)
  local id = text_of(job.BackupJobId)
  return id and "job " .. id
end

-- Plain lines.

local function plain(file, clock)
  local last = {}
  return function(job)
    -- Every ten percent and every state is worth a line; each poll is not.
    local id = job.BackupJobId or ""
    local key = state_of(job) .. floor(percent_of(job) / 10)
    if key == last[id] then return end
    last[id] = key
    file:write(join(string.format("%3d%%", percent_of(job)), state_of(job), id_of(job), text_of(job.ResourceArn),
      times_of(job, clock()), size_of(job.BytesTransferred), text_of(job.StatusMessage)), "\n")
    file:flush()
  end
end

-- Bars. A screen has the jobs that are under way in its last lines; what is done with stays above them.

local screen = {}
screen.__index = screen

-- A line that leaves the last column free: terminals go on to the next line there.
local function bar_line(job, columns, now)
  local percent = percent_of(job)
  local width = math.max(NARROWEST_BAR, math.min(WIDEST_BAR, columns - BESIDE_BAR))
  local filled = floor(width * percent / 100)
  local line = join(string.format("[%s%s] %3d%%", ("#"):rep(filled), ("."):rep(width - filled), percent),
    state_of(job), name_of(job), times_of(job, now), size_of(job.BytesTransferred), text_of(job.StatusMessage))
  return terminal_text.cut(line, columns - 1)
end

function screen:find(id)
  for index, bar in ipairs(self.bars) do
    if bar.id == id then return index, bar end
  end
  return nil
end

-- One line in place of the one that stands there needs no more than blanks to cover what is left of that.
function screen:redraw_line(line, width)
  self.file:write("\r", line, (" "):rep(self.width - width))
  self.width = width
end

function screen:redraw_all(above)
  local lines = {}
  for _, bar in ipairs(self.bars) do lines[#lines + 1] = bar.line end
  -- To the first of the lines that stand there, and away with them.
  if self.rows > 1 then self.file:write(("\r\27[%dA\27[J"):format(self.rows - 1))
  elseif self.rows == 1 then self.file:write("\r\27[J") end
  for _, line in ipairs(above) do self.file:write(line, "\n") end
  if #lines > 0 then self.file:write("\r", table.concat(lines, "\n")) end
  self.rows = #lines
  self.width = self.rows == 1 and self.bars[1].width or 0
end

-- A job that is seen for the first time gets a line of its own, with all of its id and resource.
local function heading_of(job)
  local heading = join(id_of(job), text_of(job.ResourceArn))
  return heading ~= "" and heading or nil
end

function screen:show(job)
  local id = job.BackupJobId or ""
  local index, bar = self:find(id)
  local is_final = job_states.is_final(job.State)
  local line, width = bar_line(job, self.columns(), self.clock())
  local above = {}
  if not index then
    index, bar = #self.bars + 1, { id = id }
    self.bars[index], above[1] = bar, heading_of(job)
  end
  bar.line, bar.width = line, width
  if #self.bars == 1 and #above == 0 then
    self:redraw_line(line, width)
    self.rows = 1
    if is_final then
      self.file:write("\n")
      self.bars, self.rows, self.width = {}, 0, 0
    end
  else
    if is_final then
      table.remove(self.bars, index)
      above[#above + 1] = line
    end
    self:redraw_all(above)
  end
  self.file:flush()
end

local function on_terminal(file, columns, clock)
  local shown = setmetatable({ file = file, columns = columns, clock = clock, bars = {}, rows = 0, width = 0 }, screen)
  return function(job) shown:show(job) end
end

local function refuse(message)
  raise(errors.new("ClientError", { message = message }))
end

local function can_write(file)
  if io.type(file) then return io.type(file) == "file" end
  local kind = type(file)
  if kind ~= "table" and kind ~= "userdata" then return false end
  local looked, write, flush = pcall(function() return file.write, file.flush end)
  return looked and is_callable(write) and is_callable(flush)
end

local function checked(show)
  return function(job)
    if type(job) ~= "table" then
      refuse("progress shows a job as describe_backup_job returns it, not a " .. type(job)
        .. "; give it to client:wait_for_backup_job(id, { on_progress = ... })")
    end
    show(job)
  end
end

local function shown(file)
  if io.type(file) then return "a file that is closed" end
  if type(file) == "table" and file.State ~= nil then return "a job; write on_progress = backup.progress()" end
  return "a " .. type(file)
end

--- An `on_progress` function that writes to a file.
---@param file file*  or anything with write and flush
---@param columns? integer  width of the terminal; default: asked of the system, nil if the file is none
---@param clock? fun(): number  seconds since the epoch
---@return fun(job: table)
function progress.new(file, columns, clock)
  if not can_write(file) then
    refuse("progress must be given a file that is open, such as io.stderr, or an object with write and flush, not "
      .. shown(file))
  end
  clock = clock or core.time
  if columns then return checked(on_terminal(file, function() return columns end, clock)) end
  local asked = io.type(file) == "file" and core.terminal_width(file)
  if not asked then return checked(plain(file, clock)) end
  -- Windows change their size.
  return checked(on_terminal(file, function() return core.terminal_width(file) or asked end, clock))
end

return progress

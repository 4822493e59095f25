local backup = require "aws.backup"
local progress = require "aws.backup.progress"

local function recorder()
  local written = {}
  return {
    write = function(_, ...)
      for _, text in ipairs({ ... }) do written[#written + 1] = text end
    end,
    flush = function() end,
    text = function() return table.concat(written) end,
  }
end

local function job(state, percent, more)
  local made = { State = state, PercentDone = percent }
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

describe("progress on a terminal", function()
  it("draws a bar in place and ends the line with the job", function()
    local file = recorder()
    local show = progress.new(file, 60)
    show(job("RUNNING", "50.0"))
    show(job("COMPLETED", "100.0"))
    local lines = file.text()
    assert.equal("\r[##########..........]  50%  RUNNING", lines:match("^(\r[^\r]*)"))
    assert.truthy(lines:find("\r[####################] 100%  COMPLETED", 1, true))
    assert.equal("\n", lines:sub(-1))
    assert.equal(1, select(2, lines:gsub("\n", "")))
  end)

  it("covers a longer line that stood there before", function()
    local file = recorder()
    local show = progress.new(file, 80)
    show(job("RUNNING", "1.0", { StatusMessage = "a rather long message" }))
    show(job("RUNNING", "2.0"))
    local drawn = {}
    for line in file.text():gmatch("\r([^\r]*)") do drawn[#drawn + 1] = line end
    assert.equal(#drawn[1], #drawn[2])
  end)

  it("never draws more than the terminal is wide", function()
    local file = recorder()
    progress.new(file, 30)(job("RUNNING", "50.0", { StatusMessage = ("x"):rep(200) }))
    assert.is_true(#file.text() <= 30)
  end)

  it("lets no control character of the service through", function()
    local file = recorder()
    progress.new(file, 80)(job("FAILED", nil, { StatusMessage = "\27[2Jgone\nnext" }))
    assert.is_nil(file.text():find("\27", 1, true))
    assert.truthy(file.text():find(" [2Jgone next", 1, true))
  end)
end)

describe("progress elsewhere", function()
  it("writes a line for a new state and for every ten percent, not for every look", function()
    local file = recorder()
    local show = progress.new(file)
    for _, percent in ipairs({ "0.0", "3.0", "9.9", "12.0", "15.5", "31.0" }) do show(job("RUNNING", percent)) end
    show(job("COMPLETED", nil))
    assert.equal("  0%  RUNNING\n 12%  RUNNING\n 31%  RUNNING\n100%  COMPLETED\n", file.text())
  end)

  it("reads percentages in the forms that the service uses", function()
    local function shown(percent)
      local file = recorder()
      progress.new(file)(job("RUNNING", percent))
      return file.text():match("^%s*(%d+)%%")
    end
    assert.equal("45", shown("45.00%"))
    assert.equal("99", shown("99"))
    assert.equal("0", shown(nil))
    assert.equal("0", shown("unknown"))
    assert.equal("100", shown("250.0"))
  end)

  it("shows how much was transferred", function()
    local file = recorder()
    progress.new(file)(job("RUNNING", "10.0", { BytesTransferred = 3 * 1024 * 1024 }))
    assert.truthy(file.text():find("3 MiB", 1, true))
  end)

  it("takes a file that is no terminal for what it is", function()
    local file = assert(io.tmpfile())
    progress.new(file)(job("COMPLETED", "100.0"))
    file:seek("set")
    assert.equal("100%  COMPLETED\n", file:read("*a"))
    file:close()
  end)
end)

local ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/"

local function known_job(id, state, percent, more)
  local made = job(state, percent, { BackupJobId = id, ResourceArn = ARN .. id, CreationDate = 1000.5 })
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

-- What a terminal shows after a text: its lines, without the blanks at their ends.
local function screen_of(text)
  local lines, row, column = { "" }, 1, 0
  local position = 1
  while position <= #text do
    local up = text:match("^\27%[(%d+)A", position)
    if up then
      row, position = row - tonumber(up), position + #up + 3
    elseif text:find("^\27%[J", position) then
      for below = row + 1, #lines do lines[below] = nil end
      lines[row], position = lines[row]:sub(1, column), position + 3
    elseif text:sub(position, position) == "\r" then
      column, position = 0, position + 1
    elseif text:sub(position, position) == "\n" then
      row, column, position = row + 1, 0, position + 1
      lines[row] = lines[row] or ""
    else
      local line = lines[row]
      lines[row] = line:sub(1, column) .. text:sub(position, position) .. line:sub(column + 2)
      column, position = column + 1, position + 1
    end
  end
  for index, line in ipairs(lines) do lines[index] = line:gsub(" +$", "") end
  return lines
end

local function at(seconds)
  return function() return seconds end
end

describe("progress of jobs that are known", function()
  it("names job and resource, and the time it takes and is expected to take", function()
    local file = recorder()
    progress.new(file, nil, at(1065.7))(known_job("j1", "RUNNING", "25.0", { ExpectedCompletionDate = 1240.5 }))
    assert.equal(" 25%  RUNNING  job j1  " .. ARN .. "j1  1:05 of 4:00 expected\n", file.text())
    file = recorder()
    progress.new(file, nil, at(4723))(known_job("j1", "RUNNING", nil))
    assert.equal("  0%  RUNNING  job j1  " .. ARN .. "j1  1:02:02 elapsed\n", file.text())
    file = recorder()
    progress.new(file, nil, at(9999))(known_job("j1", "COMPLETED", nil, { CompletionDate = 1238.6,
      ExpectedCompletionDate = 5000 }))
    assert.equal("100%  COMPLETED  job j1  " .. ARN .. "j1  3:58 elapsed\n", file.text())
    file = recorder()
    progress.new(file, nil, at(0))(known_job("j1", "RUNNING", nil))
    assert.truthy(file.text():find("0:00 elapsed", 1, true))
  end)

  it("has them on a terminal in a line above the bar", function()
    local file = recorder()
    local show = progress.new(file, 80, at(1065.7))
    show(known_job("j1", "RUNNING", "25.0", { ExpectedCompletionDate = 1240.5 }))
    local wanted = { "job j1  " .. ARN .. "j1",
      "[#####...............]  25%  RUNNING  table/j1  1:05 of 4:00 expected" }
    assert.same(wanted, screen_of(file.text()))
    show(known_job("j1", "COMPLETED", "100.0", { CompletionDate = 1070.5 }))
    wanted[2] = "[####################] 100%  COMPLETED  table/j1  1:10 elapsed"
    wanted[3] = ""
    assert.same(wanted, screen_of(file.text()))
  end)

  it("shows several on a terminal at once, each in its line, and those that have ended above", function()
    local file = recorder()
    local show = progress.new(file, 80, at(1001))
    show(known_job("a", "RUNNING", "10.0"))
    show(known_job("b", "CREATED", nil, { StatusMessage = "waits for its turn" }))
    show(known_job("c", "RUNNING", "50.0"))
    show(known_job("a", "RUNNING", "20.0"))
    local function bar(filled, percent, state, name, more)
      return ("[%s%s] %3d%%  %s  table/%s  %s")
        :format(("#"):rep(filled), ("."):rep(20 - filled), percent, state, name, more)
    end
    local headings = { "job a  " .. ARN .. "a", "job b  " .. ARN .. "b", "job c  " .. ARN .. "c" }
    local a = bar(4, 20, "RUNNING", "a", "0:00 elapsed")
    local c = bar(10, 50, "RUNNING", "c", "0:00 elapsed")
    assert.same({ headings[1], headings[2], headings[3], a,
      bar(0, 0, "CREATED", "b", "0:00 elapsed  waits for its turn"), c }, screen_of(file.text()))
    show(known_job("b", "FAILED", nil, { CompletionDate = 1010.5 }))
    local b = bar(0, 0, "FAILED", "b", "0:10 elapsed")
    assert.same({ headings[1], headings[2], headings[3], b, a, c }, screen_of(file.text()))
    show(known_job("c", "COMPLETED", nil, { CompletionDate = 1011.5 }))
    show(known_job("a", "COMPLETED", nil, { CompletionDate = 1012.5 }))
    assert.same({ headings[1], headings[2], headings[3], b, bar(20, 100, "COMPLETED", "c", "0:11 elapsed"),
      bar(20, 100, "COMPLETED", "a", "0:12 elapsed"), "" }, screen_of(file.text()))
    show(known_job("d", "RUNNING", "5.0"))
    assert.equal(bar(1, 5, "RUNNING", "d", "0:00 elapsed"), screen_of(file.text())[8])
  end)

  it("writes lines of several elsewhere, each when its own job has changed", function()
    local file = recorder()
    local show = progress.new(file)
    for _ = 1, 3 do
      show({ BackupJobId = "a", State = "RUNNING" })
      show({ BackupJobId = "b", State = "RUNNING" })
    end
    assert.equal("  0%  RUNNING  job a\n  0%  RUNNING  job b\n", file.text())
  end)

  it("shows the jobs of backup.parallel through one function", function()
    local emulator = require("aws.backup.emulator").new()
    local client = backup.client { region = "us-east-1", transport = emulator,
      credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
      runtime = { sleep = function(seconds) emulator:advance(seconds) end } }
    client:create_backup_vault { BackupVaultName = "Default" }
    local file = recorder()
    local show = progress.new(file, 100)
    local results = backup.parallel({ "a", "b", "c" }, function(name)
      local started = client:start_backup_job { BackupVaultName = "Default", ResourceArn = ARN .. name,
        IamRoleArn = "arn:aws:iam::123456789012:role/backup" }
      return client:wait_for_backup_job(started.BackupJobId, { on_progress = show }).State
    end)
    for index = 1, 3 do assert.equal("COMPLETED", results[index].value) end
    local lines = table.concat(screen_of(file.text()), "\n")
    assert.equal(3, select(2, lines:gsub("100%%  COMPLETED", "")))
    assert.equal(3, select(2, lines:gsub("job %x+%-%S+  arn:", "")))
    assert.equal(6, select(2, lines:gsub("\n", "")))
  end)
end)

describe("progress and foreign text", function()
  local function line_of(columns, message)
    local file = recorder()
    progress.new(file, columns)(job("RUNNING", "50.0", { StatusMessage = message }))
    return file.text()
  end

  it("cuts no character in two, and counts the columns that each takes", function()
    local umlauts = ("\195\164"):rep(100)
    local line = line_of(50, umlauts)
    assert.equal("\r[#####.....]  50%  RUNNING  " .. ("\195\164"):rep(21), line)
    local wide = line_of(50, ("\230\188\162"):rep(100))
    assert.equal("\r[#####.....]  50%  RUNNING  " .. ("\230\188\162"):rep(10), wide)
    local accents = line_of(50, ("e\204\129"):rep(100))
    assert.equal("\r[#####.....]  50%  RUNNING  " .. ("e\204\129"):rep(21), accents)
  end)

  it("lets nothing through that steers a terminal, in any member", function()
    for _, steering in ipairs { "\27", "\0", "\127", "\194\155", "\226\128\174", "\r", "\n" } do
      local file = recorder()
      local show = progress.new(file)
      show({ BackupJobId = "j" .. steering, State = "S" .. steering, ResourceArn = steering .. "r",
        StatusMessage = "m" .. steering .. "!" })
      assert.equal("  0%  S   job j    r  m !\n", file.text())
    end
    local broken = line_of(80, "\155[2J\255")
    assert.truthy(broken:find("RUNNING  ?[2J?", 1, true), broken)
  end)

  it("holds out whatever stands in a member that is no text", function()
    local file = recorder()
    progress.new(file)({ BackupJobId = 7, State = {}, PercentDone = 50, CreationDate = "x", StatusMessage = false })
    assert.equal("  0%  no state\n", file.text())
  end)
end)

describe("progress with a wrong argument", function()
  local function told(wanted, fn, ...)
    local ran, err = pcall(fn, ...)
    assert.is_false(ran)
    assert.is_true(backup.is(err, "ClientError"), tostring(err))
    assert.truthy(tostring(err):find(wanted, 1, true), tostring(err))
  end

  it("says which file it takes", function()
    for _, wrong in ipairs { "stderr", 80, false, {}, print } do
      told("a file that is open, such as io.stderr", backup.progress, wrong)
    end
    told("not a string", backup.progress, "stderr")
    told("write on_progress = backup.progress()", backup.progress, job("RUNNING"))
    local file = assert(io.tmpfile())
    file:close()
    told("a file that is closed", backup.progress, file)
    told("an object with write and flush", backup.progress, { write = print })
    assert.is_function(backup.progress())
    assert.is_function(backup.progress(recorder()))
  end)

  it("says what it shows", function()
    for _, wrong in ipairs { "job-id", 1, true } do
      told("progress shows a job as describe_backup_job returns it", backup.progress(recorder()), wrong)
    end
    told("not a nil", backup.progress(recorder()))
  end)
end)

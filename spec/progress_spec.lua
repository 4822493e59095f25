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

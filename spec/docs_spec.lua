-- What the documentation says must be what the code reads.

local environment = require "aws.backup.environment"
local rows = require "aws.backup.settings"

local read = require "spec.read_file"

-- Lines of tables by what stands in them in backquotes.
local function table_lines(text)
  local by_word = {}
  for line in text:gmatch("\n(|[^\n]*)") do
    for word in line:gmatch("`([^`]+)`") do by_word[word] = line end
  end
  return by_word
end

describe("docs/configuration.md", function()
  local text = read("docs/configuration.md")
  local lines = table_lines(text)

  it("lists each setting in one line with its variables and its key", function()
    for _, row in ipairs(rows) do
      local names = {}
      for _, name in ipairs(row.variables or {}) do names[#names + 1] = name end
      names[#names + 1] = row.key
      for _, name in ipairs(names) do
        assert.truthy(lines[name], name)
        assert.equal(lines[names[1]], lines[name], name)
      end
    end
  end)

  it("names no variable that is not read", function()
    local known = { AWS_BACKUP_DEBUG = true }
    for _, name in ipairs(environment.names()) do known[name] = true end
    for name in text:gmatch("`(AWS_[%u%d_]+)`") do assert.is_true(known[name], name) end
  end)
end)

-- The file system as the client sees it by default.

local files = require "aws.backup.files"
local home = require "spec.services.home"

describe("the default files", function()
  local folder

  before_each(function()
    folder = home.new()
  end)

  after_each(function()
    folder:remove()
  end)

  it("are on disk: what is replaced is read", function()
    local path = folder.path .. "/file"
    assert.is_true(files.default.replace(path, "text"))
    assert.equal("text", folder:read("file"))
    assert.equal("text", files.default.read(path, 4))
    assert.is_true(files.default.replace(path, "other"))
    assert.equal("other", files.default.read(path, 5))
  end)

  it("tell kind and message of a failure, and nothing of the content", function()
    local path = folder:write("file", "secret")
    assert.same({ nil, "too_large", "cannot read '" .. path .. "': it is larger than 5 bytes" },
      { files.default.read(path, 5) })
    assert.same({ nil, "not_a_file", "cannot write '" .. folder.path .. "': it is a directory" },
      { files.default.replace(folder.path, "secret") })
    assert.same({ nil, "missing", "cannot read '/no/file': No such file or directory" },
      { files.default.read("/no/file", 5) })
  end)
end)

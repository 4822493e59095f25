local helper = require "spec.emulator.helper"
local router = require "aws.backup.emulator.router"
local uri = require "aws.backup.codec.uri"

describe("the router", function()
  local names = helper.codec.model.names
  local routes

  setup(function()
    routes = router.new(helper.codec:routes())
  end)

  -- The path of an operation, with a value that holds a slash and a colon in each label.
  local function example(operation)
    local labels = {}
    local path, query = operation.request_uri:match("^([^?]*)%??(.*)$")
    path = path:gsub("{(.-)}", function(label)
      labels[label] = "arn:x/" .. label
      return uri.encode(labels[label])
    end)
    return path, query ~= "" and query or nil, labels
  end

  it("knows all 115 operations", function()
    assert.are.equal(115, #names)
  end)

  for _, name in ipairs(names) do
    it("routes the path of " .. name .. " to it, with and without a slash at the end", function()
      local operation = helper.codec:operation(name)
      local path, query, labels = example(operation)
      local other = path:sub(-1) == "/" and path:sub(1, -2) or path .. "/"
      for _, form in ipairs { path, other } do
        local match = routes:match(operation.http_method, form, query)
        assert.are.equal(name, match and match.name)
        assert.are.same(labels, match.labels)
      end
    end)
  end

  it("tells operations apart by a static query key, with or without a value", function()
    local path = "/backup-vaults/v/mpaApprovalTeam"
    for _, query in ipairs { "delete", "delete=", "a=b&delete" } do
      assert.are.equal("DisassociateBackupVaultMpaApprovalTeam", routes:match("POST", path, query).name)
    end
    assert.is_nil(routes:match("POST", path, nil))
    assert.are.equal("AssociateBackupVaultMpaApprovalTeam", routes:match("PUT", path, nil).name)
  end)

  it("prefers a literal segment to a label", function()
    assert.are.equal("StartScanJob", routes:match("PUT", "/scan/job").name)
    assert.are.equal("ListScanJobs", routes:match("GET", "/scan/jobs").name)
    assert.are.equal("ListBackupPlanTemplates", routes:match("GET", "/backup/template/plans").name)
    assert.are.equal("DescribeBackupAccessPoint", routes:match("GET", "/backup-access-point/create").name)
  end)

  it("never matches an empty label", function()
    assert.are.equal("ListBackupVaults", routes:match("GET", "/backup-vaults/").name)
    assert.is_nil(routes:match("GET", "/backup-vaults//"))
    assert.is_nil(routes:match("GET", "/backup-vaults//recovery-points/"))
  end)

  it("says which methods a known path has, and nothing of an unknown one", function()
    local match, allowed = routes:match("PATCH", "/backup-vaults/v")
    assert.is_nil(match)
    assert.are.same({ "DELETE", "GET", "PUT" }, allowed)
    for _, path in ipairs {
      "/nowhere", "/", "", "backup-jobs", "/backup-jobs/a/b", "/backup-vaults/v/recovery-points/r/x/y",
    } do
      local none, methods = routes:match("GET", path)
      assert.is_nil(none)
      assert.is_nil(methods)
    end
  end)
end)

local errors = require "aws.backup.errors"
local codec = require "aws.backup.codec"
local model = require "aws.backup.model"

local start = codec.new():operation("StartBackupJob")

local function service(code, message, context)
  local merged = { operation = start, http_status = 400, attempts = 1, retryable = false }
  for key, value in pairs(context or {}) do merged[key] = value end
  return errors.service({ code = code, message = message, details = {}, modeled = false }, merged)
end

describe("errors", function()
  it("has the class tree of the documentation", function()
    local tree = {
      ServiceError = "Error", ClientError = "Error", ParamValidationError = "ClientError", ConfigError = "ClientError",
      NoRegionError = "ClientError", EndpointError = "ClientError", CredentialsError = "ClientError",
      NoCredentialsError = "CredentialsError", TransportError = "ClientError", ResponseError = "ClientError",
      WaitError = "ClientError", JobFailedError = "WaitError", WaitTimeoutError = "WaitError",
    }
    for name in pairs(model.exceptions) do tree[name] = "ServiceError" end
    for name, super in pairs(tree) do
      assert.equal(super, errors[name].super.class, name)
      local err = errors.new(name, { message = "m" })
      assert.is_true(err:is(name))
      assert.is_true(err:is(super))
      assert.is_true(err:is("Error"))
      assert.is_false(err:is("Elsewhere"))
    end
    assert.is_false(errors.new("TransportError"):is("ServiceError"))
  end)

  it("has a class for each of the model's ten exceptions", function()
    local count = 0
    for name in pairs(model.exceptions) do
      assert.is_table(errors[name])
      count = count + 1
    end
    assert.equal(10, count)
  end)

  it("raises for a class that does not exist", function()
    assert.has_error(function() errors.new("Nonsense") end, "no such error class: Nonsense")
  end)

  it("gives every error a code, a message and a retryable flag", function()
    local err = errors.new("ConfigError")
    assert.same({ "ConfigError", "", false }, { err.code, err.message, err.retryable })
    assert.equal("given", errors.new("ConfigError", { code = "given" }).code)
    assert.is_true(errors.new("TransportError", { retryable = true }).retryable)
  end)

  it("keeps the fields, and not the caller's table", function()
    local fields = { message = "m", kind = "dns" }
    local err = errors.new("TransportError", fields)
    fields.kind = "tls"
    assert.equal("dns", err.kind)
  end)

  describe("a service exception", function()
    it("has its class, and what is known about the call", function()
      local err = errors.service(
        { code = "AlreadyExistsException", message = "there", details = { Arn = "a" }, modeled = true },
        { operation = start, http_status = 400, request_id = "r", attempts = 2, retryable = false })
      assert.is_true(err:is("AlreadyExistsException"))
      assert.is_true(err:is("ServiceError"))
      assert.same({ "AlreadyExistsException", "there", "StartBackupJob", 400, "r", 2, false },
        { err.code, err.message, err.operation, err.http_status, err.request_id, err.attempts, err.retryable })
      assert.same({ Arn = "a" }, err.details)
    end)

    it("keeps the code of what the model does not know, and answers to it", function()
      local err = service("ThrottlingException", "Rate exceeded")
      assert.equal("ServiceError", err.class)
      assert.equal("ThrottlingException", err.code)
      assert.is_true(err:is("ThrottlingException"))
      assert.is_true(errors.is(err, "ServiceError"))
      assert.is_false(err:is("ResourceNotFoundException"))
    end)

    it("does not let the service name one of the client's classes", function()
      assert.equal("ServiceError", service("ConfigError", "x").class)
      assert.equal("ServiceError", service("Error", "x").class)
    end)

    it("takes the operation as a name too", function()
      local err = errors.service({ code = "X", message = "" }, { operation = "StartBackupJob" })
      assert.equal("StartBackupJob", err.operation)
      assert.same({}, err.details)
    end)
  end)

  describe("tostring", function()
    it("is one line that says what, where and how often", function()
      local err = errors.service({ code = "ResourceNotFoundException", message = "Backup vault not found" },
        { operation = start, http_status = 400, request_id = "8f2c", attempts = 3 })
      assert.equal("ResourceNotFoundException: Backup vault not found "
        .. "(StartBackupJob, HTTP 400, request id 8f2c, 3 attempts)", tostring(err))
      assert.equal("AccessDeniedException (StartBackupJob, HTTP 403, 1 attempt)",
        tostring(service("AccessDeniedException", "", { http_status = 403 })))
      assert.equal("ConfigError: no such profile", tostring(errors.new("ConfigError", { message = "no such profile" })))
      assert.equal("TransportError: no such host (ListTags, dns, 2 attempts)",
        tostring(errors.new("TransportError", { message = "no such host", operation = "ListTags", kind = "dns",
          attempts = 2 })))
    end)

    it("puts all violations into it", function()
      local err = errors.new("ParamValidationError", { operation = "StartBackupJob", violations = {
        { path = "A.B", message = "is required", rule = "required" },
        { path = "", message = "must be a table", rule = "type" },
      } })
      assert.equal("ParamValidationError: A.B: is required; must be a table (StartBackupJob)", tostring(err))
    end)

    it("makes control characters visible and survives odd fields", function()
      assert.equal("ServiceError: a\\nb\\x1B[31m", tostring(errors.new("ServiceError", { message = "a\nb\27[31m" })))
      assert.equal("ServiceError: 5 (7)", tostring(errors.new("ServiceError", { message = 5, operation = 7 })))
    end)

    it("works in a concatenation", function()
      local err = errors.new("ConfigError", { message = "m" })
      assert.equal("failed: ConfigError: m!", "failed: " .. err .. "!")
    end)
  end)

  it("is raised and caught as a table", function()
    local err = errors.new("ConfigError", { message = "m" })
    local ok, caught = pcall(error, err, 0)
    assert.is_false(ok)
    assert.equal(err, caught)
  end)

  it("protects the metatable that errors of a class share", function()
    local err = errors.new("ConfigError")
    assert.has_error(function() setmetatable(err, {}) end)
    assert.is_nil(rawget(getmetatable(err), "__index"))
  end)

  it("answers is() safely for whatever was caught", function()
    local hostile = setmetatable({}, { __index = function() error("touched") end })
    for _, value in ipairs { "text", 5, true, {}, hostile, print, { is = function() return true end } } do
      assert.is_false(errors.is(value, "Error"))
    end
    assert.is_false(errors.is(nil, "Error"))
    assert.is_true(errors.is(errors.new("NoRegionError"), "ClientError"))
  end)

  describe("vault_missing", function()
    local instance = codec.new()

    local function missing(operation, code, message, status)
      return errors.is(service(code, message, { operation = instance:operation(operation), http_status = status }),
        "vault_missing")
    end

    it("holds for both answers of the service", function()
      assert.is_true(missing("DescribeBackupVault", "AccessDeniedException",
        "Insufficient privileges to perform this action.", 403))
      assert.is_true(missing("DescribeBackupVault", "AccessDeniedException", "", 403))
      assert.is_true(missing("StartBackupJob", "ResourceNotFoundException", "Backup vault not found", 400))
      assert.is_true(missing("DeleteBackupVault", "ResourceNotFoundException", "", 400))
    end)

    it("does not hold when permission is refused by name", function()
      assert.is_false(missing("DescribeBackupVault", "AccessDeniedException",
        "User: arn:aws:iam::123456789012:user/u is not authorized to perform: backup:DescribeBackupVault", 403))
    end)

    it("does not hold when something else is missing", function()
      assert.is_false(missing("DescribeRecoveryPoint", "ResourceNotFoundException", "Cannot find recovery point.", 400))
      assert.is_false(missing("DescribeRecoveryPoint", "ResourceNotFoundException", "Not found", 400))
      assert.is_true(missing("DescribeRecoveryPoint", "ResourceNotFoundException", "Backup vault v not found", 400))
      assert.is_false(missing("GetBackupVaultNotifications", "ResourceNotFoundException",
        "Failed reading notifications from database for Backup vault v", 400))
      assert.is_false(missing("GetBackupVaultAccessPolicy", "ResourceNotFoundException", "Cannot find the policy", 400))
    end)

    it("reads the text without the vault's own name", function()
      local function named(name, message)
        return errors.is(service("ResourceNotFoundException", message, {
          operation = instance:operation("StartBackupJob"), http_status = 400, vault_name = name,
        }), "vault_missing")
      end
      assert.is_true(named("notification-vault", "Backup vault notification-vault does not exist."))
      assert.is_true(named("Policy.100%", "Backup vault Policy.100% does not exist."))
      assert.is_false(named("nightly", "Cannot find recovery point."))
    end)

    it("does not hold for operations without an existing vault", function()
      assert.is_false(missing("CreateBackupVault", "AccessDeniedException", "", 403))
      assert.is_false(missing("DescribeBackupJob", "ResourceNotFoundException", "vault", 400))
      assert.is_false(errors.is(errors.new("ResourceNotFoundException", { message = "vault" }), "vault_missing"))
    end)

    it("does not hold for other exceptions", function()
      assert.is_false(missing("StartBackupJob", "InvalidParameterValueException", "vault", 400))
      assert.is_false(missing("StartBackupJob", "AccessDeniedException", "", 400))
    end)

    it("is told by name of the operation where the context says so", function()
      local failure = { code = "ResourceNotFoundException", message = "" }
      local operation = { name = "X", takes_vault = "only" }
      assert.is_true(errors.is(errors.service(failure, { operation = operation }), "vault_missing"))
    end)
  end)
end)

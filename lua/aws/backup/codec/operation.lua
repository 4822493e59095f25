--- One operation of a model: what the C core writes requests by, and what Lua asks about it, found out when asked.

local operation = {}

---@class aws.backup.codec.Operation
---@field name string
---@field method_name string
---@field http_method string
---@field request_uri string  # as in the model, with {labels} and static query
---@field core userdata  # writes requests: see src/lua_request.c
---@field idempotency_member? string
---@field idempotent boolean
---@field response_code integer
---@field documented boolean  # whether AWS Backup's documented rules hold for it
---@field input? aws.backup.codec.Shape
---@field output? aws.backup.codec.Shape
---@field query aws.backup.codec.Member[]
---@field body aws.backup.codec.Member[]
---@field payload? aws.backup.codec.Member
---@field errors table<string, aws.backup.codec.Shape>  # those that the operation declares
---@field exceptions table<string, aws.backup.codec.Shape>  # all of the model
---@field takes_vault "only"|"among"|false

local function members_at(input, location)
  local found = {}
  for _, member in ipairs(input and input.members or {}) do
    if member.location == location then found[#found + 1] = member end
  end
  return found
end

--- Whether an operation needs a vault that exists: "only" if nothing else can be missing (the vault's name is
--- the one label), "among" if other things can be missing too, false if it takes none.
local function takes_vault(self)
  local input = self.input
  if not input or self.name:find("^Create") then return false end
  if not input.by_name.BackupVaultName and not input.by_name.SourceBackupVaultName then return false end
  local labels = members_at(input, "uri")
  local alone = #labels == 1 and labels[1].name == "BackupVaultName"
  return (alone or self.name == "StartBackupJob") and "only" or "among"
end

local function declared_errors(self)
  local errors = {}
  for name in (self.error_names or ""):gmatch("[^|]+") do errors[name] = self.find_shape(name) end
  return errors
end

-- What is asked of few operations, by the name of the field.
local LATER = {
  input = function(self) return self.input_name and self.find_shape(self.input_name) or false end,
  output = function(self) return self.output_name and self.find_shape(self.output_name) or false end,
  query = function(self) return members_at(self.input, "querystring") end,
  body = function(self) return members_at(self.input, "body") end,
  payload = function(self) return self.payload_name and self.input.by_name[self.payload_name] or false end,
  errors = declared_errors,
  takes_vault = takes_vault,
}

local metatable = { __name = "aws.backup.codec.Operation" }

function metatable.__index(self, field)
  local find = LATER[field]
  if not find then return nil end
  local value = find(self)
  rawset(self, field, value)
  return value
end

--- Makes an operation of what the core describes.
---@param core userdata
---@param shared { find_shape: function, exceptions: table, documented: boolean }
---@return aws.backup.codec.Operation
function operation.new(core, shared)
  local described = core:describe()
  return setmetatable({
    core = core, find_shape = shared.find_shape, exceptions = shared.exceptions,
    documented = shared.documented,
    name = described.name, method_name = described.method_name, http_method = described.http_method,
    request_uri = described.request_uri, input_name = described.input, output_name = described.output,
    payload_name = described.payload, error_names = described.errors, idempotency_member = described.token,
    idempotent = described.idempotent or false, response_code = described.response_code,
  }, metatable)
end

return operation

--- What the specs of credentials play instead of the world: shared files that are texts, and providers by a script.

local shared_files = require "aws.backup.shared_files"

local fakes = {}

fakes.SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

--- Credentials with a key id of their own.
---@param id string
---@param expiration? number
---@param token? string
function fakes.set(id, expiration, token)
  return { access_key_id = id, secret_access_key = fakes.SECRET, session_token = token, expiration = expiration }
end

--- The shared files with these texts, at /home/me/.aws.
---@param config? string
---@param credentials? string
function fakes.shared(config, credentials)
  local texts = { ["/home/me/.aws/config"] = config, ["/home/me/.aws/credentials"] = credentials }
  local function getenv(name) return name == "HOME" and "/home/me" or nil end
  return assert(shared_files.load(getenv, { read = function(path)
    if texts[path] then return texts[path] end
    return nil, "missing", "no such file"
  end }))
end

--- A provider that answers by a script, of which the last answer stays. An answer is credentials; a text or an error
--- (nil and that); or a function, which is called with the arguments of get. `calls` holds what get was called with.
---@param name string
---@param ... any  answers
function fakes.provider(name, ...)
  local answers, calls = { ... }, {}
  return { name = name, calls = calls, get = function(_, deadline, rejected)
    calls[#calls + 1] = { deadline = deadline, rejected = rejected }
    local answer = answers[math.min(#calls, #answers)]
    if type(answer) == "function" then return answer(deadline, rejected) end
    if type(answer) == "table" and answer.access_key_id then return answer end
    return nil, answer
  end }
end

--- Modules of providers for profile.new and credentials.resolve. Each notes in `made` what it was made with
--- (made.sso = { context =, options = }) and gives credentials with its own name as key id. The environment and static
--- keys are the real ones.
---@param answers? table<string, any>  what a module's provider answers instead, see fakes.provider; what web identity
---  has in the environment is called web_identity_environment
---@return table modules, table made
function fakes.modules(answers)
  answers = answers or {}
  local made = {}
  local modules = {
    static_keys = require "aws.backup.credentials.static_keys",
    environment = require "aws.backup.credentials.environment",
  }
  for _, name in ipairs { "assume_role", "web_identity", "sso", "login", "process", "container",
      "instance_metadata" } do
    modules[name] = { new = function(context, options)
      made[name] = { context = context, options = options }
      return fakes.provider(name, answers[name] or fakes.set(name))
    end }
  end
  function modules.web_identity.from_environment()
    return fakes.provider("web identity of the environment", answers.web_identity_environment or "not set")
  end
  return modules, made
end

return fakes

--- Settings from options, an environment and shared files that are texts.

local config = require "aws.backup.config"

local helper = {}

helper.HOME = "/home/x"
helper.CONFIG = helper.HOME .. "/.aws/config"
helper.CREDENTIALS = helper.HOME .. "/.aws/credentials"

--- A file system of texts by path.
function helper.files_of(texts)
  return {
    read = function(path)
      if texts[path] then return texts[path] end
      return nil, "missing", path .. " does not exist"
    end,
    replace = function() return nil, "denied", "read only" end,
  }
end

--- The options with an environment and the texts of config and credentials file among them.
function helper.options(options, env, config_text, credentials_text)
  local given, variables = {}, { HOME = helper.HOME }
  for name, value in pairs(env or {}) do variables[name] = value end
  given.env = variables
  given.files = helper.files_of { [helper.CONFIG] = config_text, [helper.CREDENTIALS] = credentials_text }
  for name, value in pairs(options or {}) do given[name] = value end
  return given
end

--- The settings, or nil and why not.
function helper.resolve(...)
  return config.resolve(helper.options(...))
end

--- The message of the ConfigError that must come.
function helper.refused(...)
  local settings, failure = helper.resolve(...)
  assert(settings == nil, "a ConfigError should have come")
  assert(failure:is("ConfigError"), tostring(failure))
  return failure.message
end

--- Asserts that a text has all these parts.
function helper.contains(text, ...)
  for _, part in ipairs({ ... }) do
    assert(text:find(part, 1, true), ("%q is not in %q"):format(part, text))
  end
end

return helper

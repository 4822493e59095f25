--- A token in a file of its own, which the AWS CLI writes at a login and whoever renews the token writes back.
--
-- Several processes share the file without a lock. It is read anew each time, written only as a whole, and what
-- another process has put there in the meantime is never replaced by something older.

local document = require "aws.backup.credentials.document"
local visible = require "aws.backup.codec.visible"

local token_cache = {}

-- The biggest tokens have some kilobytes.
local MAX_KIBIBYTES = 256

local REASONS = {
  missing = "does not exist",
  denied = "is not readable for this user",
  not_a_file = "is not a regular file",
  too_large = ("is larger than %d KiB"):format(MAX_KIBIBYTES),
}

---@class aws.backup.credentials.CachedToken
---@field expires_at number  epoch seconds
---@field members table  what was read of the file, by name
---@field text string  the document that it was read from
---@field file_text string  what the file held when the token was loaded

--- The command that logs a profile in, as a person would type it.
---@param command string  "aws sso login"
---@param profile_name string
---@return string
function token_cache.login_command(command, profile_name)
  local name = visible.text(profile_name)
  if name:find("[^0-9A-Za-z_.@%-]") then name = "'" .. name:gsub("'", "'\\''") .. "'" end
  return command .. " --profile " .. name
end

--- What to do about a token that there is not, or that could not be renewed.
---@param login string  from `login_command`
---@param may_pass boolean?  what kept it from being renewed may be over soon
---@return string  for the end of a message
function token_cache.remedy(login, may_pass)
  return (may_pass and 'try again in a moment, or run "%s"' or 'run "%s"'):format(login)
end

--- A cache of one token.
---@param context aws.backup.CredentialsContext
---@param options { path: string, members: table, expires_at: fun(members: table): number }  members: see document.read
---@return table cache  load(), store(old, text), newer_than(old)
function token_cache.new(context, options)
  local cache, path = {}, options.path
  -- The token that could not be written, valid as long as the file holds what it was to replace.
  local unwritten

  local function parse(text, file_text)
    local members, fault = document.read(text, options.members)
    if not members then return nil, fault end
    return { members = members, text = text, file_text = file_text, expires_at = options.expires_at(members) }
  end

  --- The token as it is now.
  ---@return aws.backup.credentials.CachedToken? token
  ---@return string? message  why there is none, with the file's path
  ---@return string? kind  "missing" if there is no file
  function cache.load()
    local text, kind, message = context.files.read(path, MAX_KIBIBYTES * 1024)
    if not text then
      local reason = REASONS[kind] or "can't be read: " .. visible.text(message)
      return nil, ("%s %s"):format(visible.text(path), reason), kind
    end
    if unwritten and unwritten.file_text == text then return unwritten end
    unwritten = nil
    local token, fault = parse(text, text)
    if not token then return nil, ("%s %s"):format(visible.text(path), fault) end
    return token
  end

  --- The token that another process has put in the place of this one, or nil.
  ---@param old aws.backup.credentials.CachedToken
  ---@return aws.backup.credentials.CachedToken?
  function cache.newer_than(old)
    local now = cache.load()
    return now and now.file_text ~= old.file_text and now or nil
  end

  -- A process that can't write goes on with what it has; the others must log in again once the old token is refused.
  local function write(token)
    local written, _, message = context.files.replace(path, token.text)
    if written then return end
    unwritten = token
    context.log("the renewed token could not be written to %s (%s): other processes will not see it", path, message)
  end

  --- Puts a renewed token in the place of an old one.
  --- Not fatal: the file can't be written (the token is kept in memory then, because the old one may be used up);
  --- somebody logged out, which removed the file; another process was faster, and its token, which lasts longer, stays.
  ---@param old aws.backup.credentials.CachedToken
  ---@param text string  the whole document: the old one with some members changed
  ---@return aws.backup.credentials.CachedToken token  to be used now
  function cache.store(old, text)
    local renewed = assert(parse(text, old.file_text))
    local present, _, kind = cache.load()
    if kind == "missing" then
      context.log("%s was removed while its token was renewed: it is not written again", path)
      return renewed
    end
    local replaced = present and present.file_text ~= old.file_text
    if replaced and present.expires_at >= renewed.expires_at then return present end
    renewed.file_text = present and present.file_text or old.file_text
    write(renewed)
    return renewed
  end

  return cache
end

return token_cache

--- Raises what the public functions raise, and makes sure that it is heard: a table that nobody catches is printed by
-- some hosts without a word of what it says ("unknown reason", "error object is not a string"), and by none with the
-- place. So where the stack shows nobody who would catch it, the text with the caller's place is written first: to
-- nginx's error log, or to standard error.
--
-- Where nobody catches: in the main coroutine, and of nginx's in those that nginx resumes itself, no pcall or xpcall is
-- on the stack. What is raised in any other coroutine goes to whoever resumed it, and is theirs.

local errors = require "aws.backup.errors"
local visible = require "aws.backup.codec.visible"

-- Some hosts leave it out.
local debug_library = rawget(_G, "debug")

local function has(name)
  return type(debug_library) == "table" and type(debug_library[name]) == "function"
end

local getinfo = has("getinfo") and debug_library.getinfo
local getregistry = has("getregistry") and debug_library.getregistry

-- What is not the caller's: our own files. A host may have compiled them without their names.
local function folder()
  return getinfo(1, "S").source:match("^(@.*)raise%.lua$")
end
local is_told, OWN_FILES = pcall(folder)
if not is_told then OWN_FILES = nil end

local pcall, xpcall = pcall, xpcall -- luacheck: ignore (as they were when this was loaded)

-- Those of now too: a host may put its own in their place.
local function catchers()
  local found = { [pcall] = true, [xpcall] = true }
  for _, library in ipairs { _G, package.loaded.coxpcall } do
    for _, name in ipairs { "pcall", "xpcall" } do
      local catcher = type(library) == "table" and rawget(library, name)
      if catcher then found[catcher] = true end
    end
  end
  return found
end

local function is_own(info)
  return OWN_FILES ~= nil and info.source:sub(1, #OWN_FILES) == OWN_FILES
end

-- The level of whoever called a function.
local function level_above(fn)
  local level = 2
  repeat
    level = level + 1
  until getinfo(level, "f").func == fn
  return level
end

-- Goes down the stack from above a function: whether somebody on it catches errors, where the caller is, and the
-- outermost function.
local function look_down(fn)
  local level, caught, place, outermost = level_above(fn), catchers(), nil, nil
  local info = getinfo(level, "Slf")
  while info do
    if info.func and caught[info.func] then return true end
    if not place and (info.currentline or -1) > 0 and not is_own(info) then
      place = ("%s:%d: "):format(info.short_src, info.currentline)
    end
    outermost, level = info, level + 1
    info = getinfo(level, "Slf")
  end
  return false, place or "", outermost
end

-- nginx keeps the coroutines that it resumes itself (handlers, timers, light threads) in a table of the registry; those
-- that a program makes are in none.
local function is_nginx_own(thread)
  for key, list in pairs(getregistry and getregistry() or {}) do
    if type(key) == "userdata" and type(list) == "table" then
      for _, kept in pairs(list) do
        if rawequal(kept, thread) then return true end
      end
    end
  end
  return false
end

local function api_of_nginx()
  local ngx = rawget(_G, "ngx")
  return type(ngx) == "table" and ngx.get_phase and ngx.log and ngx or nil
end

local function is_left_alone(outermost, ngx)
  local thread, is_main = coroutine.running()
  if not thread or is_main then return true end
  return ngx ~= nil and (outermost ~= nil and outermost.what == "main" or is_nginx_own(thread))
end

local function write(text, ngx)
  if ngx then return ngx.log(ngx.ERR, text) end
  io.stderr:write(text, "\n")
end

local function speak(err, raise)
  local is_caught, place, outermost = look_down(raise)
  local ngx = api_of_nginx()
  if is_caught or not is_left_alone(outermost, ngx) then return end
  write(visible.text(place .. tostring(err)), ngx)
end

--- Raises an error.
---@param err any  only errors of aws.backup.errors need to be heard
local function raise(err)
  -- Whatever a host has made of these libraries, the error must get out.
  if getinfo and errors.is(err, "Error") then pcall(speak, err, raise) end
  error(err, 0)
end

return raise

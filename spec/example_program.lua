--- An example as a user runs it: a process of its own, judged by its exit status and what it prints.

local LUA = assert(os.getenv("LUA"), "run the specs with tools/busted, which says which Lua runs them")

local example_program = {}

-- What a developer may have set, which an example would take.
local UNSET = "-u AWS_REGION -u AWS_DEFAULT_REGION -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN "
  .. "-u AWS_ENDPOINT_URL -u AWS_ENDPOINT_URL_BACKUP"

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Runs an example to its end.
---@param script string
---@param environment string  assignments, as in a shell
---@param input string  what it can read
---@param ... string  its arguments
---@return integer status, string output, string complaints
function example_program.run(script, environment, input, ...)
  local words = {}
  for index, word in ipairs({ ... }) do words[index] = quoted(word) end
  local errors_file = os.tmpname()
  local command = ('printf %%s %s | env %s %s %s %s %s 2>%s; echo "exit=$?"')
    :format(quoted(input), UNSET, environment, LUA, script, table.concat(words, " "), errors_file)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  local file = assert(io.open(errors_file))
  local complaints = file:read("*a")
  file:close()
  os.remove(errors_file)
  return tonumber(output:match("exit=(%d+)\n$")), (output:gsub("exit=%d+\n$", "")), complaints
end

return example_program

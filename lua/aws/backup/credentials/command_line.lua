--- A command line taken apart as a POSIX shell does it (POSIX, Shell Command Language, Quoting and Token Recognition),
--- without anything else that a shell does: no variable, no ~, no pattern, no pipe, no substitution.

local command_line = {}

-- No locale has a say in what a blank is.
local BLANK = { [" "] = true, ["\t"] = true, ["\n"] = true, ["\r"] = true }

-- What a backslash takes the meaning from between double quotes. Before anything else it stands for itself.
local ESCAPED_IN_QUOTES = { ['"'] = true, ["\\"] = true, ["$"] = true, ["`"] = true }

-- Each of these takes what begins at `position`. Returns the characters that it stands for, and the position behind
-- it; or nil and what is wrong.

local function read_single_quoted(text, position)
  local closing = text:find("'", position + 1, true)
  if not closing then return nil, "a single quote is not closed" end
  return text:sub(position + 1, closing - 1), closing + 1
end

local function read_double_quoted(text, position)
  local pieces, from = {}, position + 1
  while true do
    local at = text:find('["\\]', from)
    if not at then return nil, "a double quote is not closed" end
    pieces[#pieces + 1] = text:sub(from, at - 1)
    if text:sub(at, at) == '"' then return table.concat(pieces), at + 1 end
    local following = text:sub(at + 1, at + 1)
    pieces[#pieces + 1] = ESCAPED_IN_QUOTES[following] and following or "\\" .. following
    from = at + 2
  end
end

local function read_escaped(text, position)
  if position == #text then return nil, "it ends with a backslash that nothing follows" end
  return text:sub(position + 1, position + 1), position + 2
end

local function read_plain(text, position)
  return text:match("^([^ \t\r\n'\"\\]+)()", position)
end

local READERS = { ["'"] = read_single_quoted, ['"'] = read_double_quoted, ["\\"] = read_escaped }

--- The words of a command line.
---@param text string
---@return string[]? words
---@return string? message  what is wrong, without the text: it may hold a password
function command_line.split(text)
  if text:find("\0", 1, true) then return nil, "it holds a zero byte" end
  local words, pieces, position = {}, nil, 1
  while position <= #text do
    local character = text:sub(position, position)
    if BLANK[character] then
      words[#words + 1] = pieces and table.concat(pieces)
      pieces, position = nil, position + 1
    else
      local piece, behind = (READERS[character] or read_plain)(text, position)
      if not piece then return nil, behind end
      pieces, position = pieces or {}, behind
      pieces[#pieces + 1] = piece
    end
  end
  words[#words + 1] = pieces and table.concat(pieces)
  return words
end

--- Whether a command line has something in it that only a shell would act on.
---@param text string
---@return boolean
function command_line.expects_shell(text)
  return text:find("[|$~;&<>`*]") ~= nil
end

return command_line

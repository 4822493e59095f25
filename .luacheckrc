-- One source for Lua 5.1 to 5.4 and LuaJIT: only what all of them have.
std = "min"
max_line_length = 120
exclude_files = { "build" }
files["lua/aws/backup/model/text.lua"] = { max_line_length = false }
files["spec"] = { std = "min+busted" }
files["lua/aws/backup/emulator/nginx.lua"] = { std = "ngx_lua" }

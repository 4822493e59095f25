-- Files and programs; two of the programs run when this ends.

local host = ...
local core = require "aws.backup.core"

assert(core.replace_file(host.file, ("secret"):rep(3000)))
assert(#assert(core.read_file(host.file, 100000)) == 18000)
assert(not core.read_file("/no/such\nfile", 10))
assert(core.system().name)

local script = "head -c 20000 /dev/zero; echo err >&2; exit 3"
local child = assert(core.spawn({ "sh", "-c", script }, { max_output_bytes = 30000 }))
repeat until child:step(1)
local result, why = child:result()
if not result then error(why) end
assert(#result.stdout == 20000 and result.stderr == "err\n" and result.status == 3)

assert(not core.spawn { "/no/such/program" })
local killed, left = core.spawn { "sleep", "60" }, core.spawn { "sleep", "60" }
killed:kill()
assert(not left:step(0))

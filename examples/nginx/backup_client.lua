--- The one client of all workers. Loaded in init_by_lua: nginx does not start if region or options make no sense.

local backup = require "aws.backup"

-- One worker fetches credentials for all.
local made, client = pcall(backup.client, { shared_dict = "aws_credentials" })
-- nginx prints texts alone.
if not made then error(tostring(client), 0) end
return client

--- The one client of all workers. Loaded in init_by_lua: nginx does not start if region or options make no sense.

local backup = require "aws.backup"

-- One worker fetches credentials for all.
return backup.client { shared_dict = "aws_credentials" }

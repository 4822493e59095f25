-- A program that gets Ctrl-C while what runs in parallel works without ever waiting, and tells what came of it.

local backup = require "aws.backup"
local core = require "aws.backup.core"

local FUNCTIONS, CALLS_EACH = 100, 1000

local client = backup.client {
  region = "us-east-1", env = {}, credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
  transport = function() return { status = 200, headers = {}, body = "{}" } end,
}

local items, ended = {}, 0
for index = 1, FUNCTIONS do items[index] = index end
os.execute(("(sleep 0.2; kill -INT %d) &"):format(core.pid()))
local fine, failure = pcall(backup.parallel, items, function()
  for _ = 1, CALLS_EACH do client:list_backup_vaults {} end
  ended = ended + 1
end)
print(fine, tostring(failure):match("^[^\n]*"))
print(ended < FUNCTIONS and "early" or "late")

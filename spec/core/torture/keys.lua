-- Everything that asks OpenSSL for more than a hash.

local core = require "aws.backup.core"

-- Of RFC 7515, A.3.
local KEY = [[
-----BEGIN EC PRIVATE KEY-----
MDECAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49AwEH
-----END EC PRIVATE KEY-----
]]

assert(core.p256_public_key(KEY))
assert(core.es256_sign(KEY, core.sha1_hex("message")))
assert(not core.es256_sign("no key", "message"))
assert(not core.p256_public_key(""))
assert(core.random(16))
assert(core.uuid())

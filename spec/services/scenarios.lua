--- Every place that credentials can come from, set up as on the machines where people have it: environment, files and
-- the service that answers. One server plays all services (AWS_ENDPOINT_URL sends them there).
--
-- Each secret is made by `secret(kind)`, so that a spec can look for it afterwards.

local cjson = require "cjson"
local core = require "aws.backup.core"
local time = require "aws.backup.codec.time"

local scenarios = {}

local ACCOUNT = "123456789012"
local ROLE = "arn:aws:iam::" .. ACCOUNT .. ":role/backup-operator"
local LOGIN_SESSION = "arn:aws:sts::" .. ACCOUNT .. ":assumed-role/Admin/me"
local START_URL = "https://example.awsapps.com/start"

-- A key for DPoP made for these specs alone.
local DPOP_KEY = [[
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIDeTCkvzfWOgpeTY6dNPhROubMG9mzfYq5ZkSt0ZXCXqoAoGCCqGSM49
AwEHoUQDQgAEys+ZCpYAobkwF61END0IAZjL3RStkha9ROwRVrRdys1O2+7S/gSN
NANv59N6g7tRYeabhqOHO4m/DMsZ7V1piA==
-----END EC PRIVATE KEY-----
]]

local function later(seconds)
  return time.iso8601(math.floor(core.time()) + seconds)
end

local function keys_json(id, secret, fields)
  local document = { AccessKeyId = id, SecretAccessKey = secret("secret key"), Token = secret("session token"),
    Expiration = later(7200), Code = "Success", LastUpdated = later(-60), Type = "AWS-HMAC" }
  for name, value in pairs(fields or {}) do document[name] = value end
  return cjson.encode(document)
end

local function sts_answer(action, id, secret)
  return ([[<%sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%sResult>
<AssumedRoleUser><Arn>arn:aws:sts::%s:assumed-role/backup-operator/s</Arn><AssumedRoleId>AROA:s</AssumedRoleId>
</AssumedRoleUser><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>
<SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials></%sResult>
<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></%sResponse>]]):format(
    action, action, ACCOUNT, id, secret("secret key"), secret("session token"), later(3600), action, action)
end

local function role_credentials(id, secret)
  return cjson.encode { roleCredentials = { accessKeyId = id, secretAccessKey = secret("secret key"),
    sessionToken = secret("session token"), expiration = math.floor(core.time() + 7200) * 1000 } }
end

local function assume_role(id, secret)
  return { method = "POST", path = "/", body = sts_answer("AssumeRole", id, secret) }
end

local function sso_token(secret, seconds)
  return cjson.encode {
    accessToken = secret("SSO token"), expiresAt = later(seconds), refreshToken = secret("refresh token"),
    clientId = "client", clientSecret = secret("client secret"), registrationExpiresAt = later(86400),
    startUrl = START_URL, region = "us-east-1",
  }
end

local SSO_PROFILE = [[
[profile dev]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Backup
[sso-session corp]
sso_region = us-east-1
sso_start_url = https://example.awsapps.com/start
]]

local function static(secret)
  return { env = {
    AWS_ACCESS_KEY_ID = "AKIDENVIRONMENT", AWS_SECRET_ACCESS_KEY = secret("secret key"),
    AWS_SESSION_TOKEN = secret("session token"),
  } }
end

local function credentials_file(secret)
  return { files = { [".aws/credentials"] = ("[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = %s\n")
    :format(secret("secret key")) } }
end

local function config_file(secret)
  return { env = { AWS_PROFILE = "dev" }, files = { [".aws/config"] =
    ("[profile dev]\naws_access_key_id = AKIDCONFIG\naws_secret_access_key = %s\naws_session_token = %s\n")
    :format(secret("secret key"), secret("session token")) } }
end

local function chained_roles(secret)
  return {
    env = { AWS_PROFILE = "inner" },
    files = {
      [".aws/config"] = ("[profile inner]\nrole_arn = %s\nsource_profile = outer\nexternal_id = x-1\n"
        .. "[profile outer]\nrole_arn = %s\nsource_profile = base\n"):format(ROLE, ROLE),
      [".aws/credentials"] = ("[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = %s\n")
        :format(secret("secret key")),
    },
    script = { assume_role("ASIAOUTER", secret), assume_role("ASIAINNER", secret) },
  }
end

local function role_of_instance(secret)
  return {
    env = { AWS_PROFILE = "inner" },
    files = { [".aws/config"] = ("[profile inner]\nrole_arn = %s\ncredential_source = Ec2InstanceMetadata\n")
      :format(ROLE) },
    script = {
      { method = "PUT", path = "/latest/api/token", body = secret("metadata token") },
      { path = "/latest/meta-data/iam/security-credentials/", body = "my-role" },
      { path = "/latest/meta-data/iam/security-credentials/my-role", body = keys_json("ASIAINSTANCE", secret) },
      assume_role("ASIAROLE", secret),
    },
  }
end

local function web_identity(secret)
  return {
    env = { AWS_ROLE_ARN = ROLE, AWS_WEB_IDENTITY_TOKEN_FILE = "HOME/token", AWS_ROLE_SESSION_NAME = "pod" },
    files = { token = secret("web identity token") .. "\n" },
    script = { { method = "POST", path = "/",
      body = sts_answer("AssumeRoleWithWebIdentity", "ASIAPOD", secret) } },
  }
end

local function sso(secret)
  return {
    env = { AWS_PROFILE = "dev" },
    files = { [".aws/config"] = SSO_PROFILE,
      [".aws/sso/cache/" .. core.sha1_hex("corp") .. ".json"] = sso_token(secret, 7200) },
    script = { { path = "/federation/credentials", body = role_credentials("ASIASSO", secret) } },
  }
end

local function sso_refreshed(secret)
  return {
    env = { AWS_PROFILE = "dev" },
    files = { [".aws/config"] = SSO_PROFILE,
      [".aws/sso/cache/" .. core.sha1_hex("corp") .. ".json"] = sso_token(secret, 60) },
    script = {
      { method = "POST", path = "/token", body = cjson.encode { accessToken = secret("SSO token"), expiresIn = 28800,
        refreshToken = secret("refresh token"), tokenType = "Bearer" } },
      { path = "/federation/credentials", body = role_credentials("ASIASSO", secret) },
    },
  }
end

local function login(secret, seconds)
  return {
    env = { AWS_PROFILE = "me" },
    files = {
      [".aws/config"] = "[profile me]\nlogin_session = " .. LOGIN_SESSION .. "\n",
      [".aws/login/cache/" .. core.sha256_hex(LOGIN_SESSION) .. ".json"] = cjson.encode {
        accessToken = { accessKeyId = "ASIALOGIN", secretAccessKey = secret("secret key"),
          sessionToken = secret("session token"), accountId = ACCOUNT, expiresAt = later(seconds) },
        clientId = "arn:aws:signin:::devtools/same-device", refreshToken = secret("refresh token"),
        idToken = secret("id token"), tokenType = "aws_sigv4", dpopKey = DPOP_KEY,
      },
    },
  }
end

local function login_refreshed(secret)
  local scenario = login(secret, 60)
  scenario.script = { { method = "POST", path = "/v1/token", body = cjson.encode {
    accessToken = { accessKeyId = "ASIARENEWED", secretAccessKey = secret("secret key"),
      sessionToken = secret("session token") },
    tokenType = "aws_sigv4", expiresIn = 900, refreshToken = secret("refresh token"), idToken = secret("id token"),
  } } }
  return scenario
end

local function process(secret)
  local output = cjson.encode { Version = 1, AccessKeyId = "ASIAPROCESS", SecretAccessKey = secret("secret key"),
    SessionToken = secret("session token"), Expiration = later(3600) }
  return {
    env = { AWS_PROFILE = "tool" },
    files = { [".aws/config"] = "[profile tool]\ncredential_process = /bin/sh HOME/tool.sh\n",
      ["tool.sh"] = "cat <<'END'\n" .. output .. "\nEND\n" },
  }
end

local function container(secret)
  return {
    env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "SERVER/v1/credentials",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = "HOME/pod-token" },
    files = { ["pod-token"] = secret("container token") .. "\n" },
    script = { { path = "/v1/credentials", body = keys_json("ASIACONTAINER", secret) } },
  }
end

local function instance(secret)
  return { script = {
    { method = "PUT", path = "/latest/api/token", body = secret("metadata token") },
    { path = "/latest/meta-data/iam/security-credentials/", body = "my-role" },
    { path = "/latest/meta-data/iam/security-credentials/my-role", body = keys_json("ASIAINSTANCE", secret) },
  } }
end

--- Every scenario: what makes it, and the access key id that the call is then signed with.
---@type { name: string, make: fun(secret: fun(kind: string): string): table, key: string }[]
scenarios.ALL = {
  { name = "environment", make = static, key = "AKIDENVIRONMENT" },
  { name = "credentials file", make = credentials_file, key = "AKIDFILE" },
  { name = "config file", make = config_file, key = "AKIDCONFIG" },
  { name = "a role of a role", make = chained_roles, key = "ASIAINNER" },
  { name = "a role of an instance", make = role_of_instance, key = "ASIAROLE" },
  { name = "web identity", make = web_identity, key = "ASIAPOD" },
  { name = "SSO", make = sso, key = "ASIASSO" },
  { name = "SSO with a refreshed token", make = sso_refreshed, key = "ASIASSO" },
  { name = "login", make = function(secret) return login(secret, 800) end, key = "ASIALOGIN" },
  { name = "login with a refreshed token", make = login_refreshed, key = "ASIARENEWED" },
  { name = "process", make = process, key = "ASIAPROCESS" },
  { name = "container", make = container, key = "ASIACONTAINER" },
  { name = "instance metadata", make = instance, key = "ASIAINSTANCE" },
}

scenarios.DPOP_KEY = DPOP_KEY

local function filled(text, home, server)
  return (text:gsub("HOME", home.path):gsub("SERVER", server.url))
end

--- Sets a scenario up in a home.
---@param scenario table  from `make`
---@param home table  spec.services.home
---@param server table  spec.services.server
---@return table<string, string> env
function scenarios.set_up(scenario, home, server)
  for name, text in pairs(scenario.files or {}) do home:write(name, filled(text, home, server)) end
  local env = {
    HOME = home.path, AWS_REGION = "us-east-1", AWS_ENDPOINT_URL = server.url,
    AWS_EC2_METADATA_SERVICE_ENDPOINT = server.url,
  }
  for name, value in pairs(scenario.env or {}) do env[name] = filled(value, home, server) end
  return env
end

--- The answers of a scenario's services, in which entries of one path come after each other.
---@param scenario table
---@return table[]
function scenarios.script(scenario)
  local script, last_of = {}, {}
  for index, entry in ipairs(scenario.script or {}) do
    local copy = {}
    for name, value in pairs(entry) do copy[name] = value end
    script[index] = copy
    if last_of[entry.path] then last_of[entry.path].times = 1 end
    last_of[entry.path] = copy
  end
  return script
end

return scenarios

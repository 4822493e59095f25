local chain = require "aws.backup.credentials.chain"
local play = require "spec.services.sts"
local services = require "spec.services.server"
local web_identity = require "aws.backup.credentials.web_identity"

local NOW, ROLE, FOUND, TOKEN = play.NOW, play.ROLE, play.FOUND, play.TOKEN
local WEB = "AssumeRoleWithWebIdentity"
local PATH = "/var/run/secrets/token"

-- A file system of one file, which counts how often it was read.
local function files_with(text, kind, message)
  local files = { reads = 0 }
  function files.read(path, max_bytes)
    assert(path == PATH and max_bytes >= 20000)
    files.reads = files.reads + 1
    if text then return text end
    return nil, kind, message
  end
  return files
end

describe("the provider of a role for a token", function()
  local server

  setup(function() server = services.start() end)
  teardown(function() server:stop() end)
  before_each(function() server:script { play.good { action = WEB } } end)

  local function new_world(files, env)
    local merged = { AWS_ENDPOINT_URL_STS = server.url }
    for name, value in pairs(env or {}) do merged[name] = value end
    return play.context(server, nil, { files = files, env = merged })
  end

  local function provider_with(files, changes)
    local spec = { token_file = PATH, role_arn = ROLE, role_session_name = "se", where = 'profile "p"' }
    for name, value in pairs(changes or {}) do spec[name] = value end
    return web_identity.new(new_world(files), spec)
  end

  local function forms()
    local found = {}
    for index, seen in ipairs(server:seen()) do found[index] = play.form(seen.body) end
    return found
  end

  local function failure_of(provider)
    local found, err = provider:get()
    assert.is_nil(found)
    assert.is_true(err:is("CredentialsError"))
    assert.is_nil(play.secret_in(tostring(err)))
    return tostring(err)
  end

  it("sends the token of its file, unsigned, and gives the role's credentials", function()
    local provider = provider_with(files_with(TOKEN), { features = { "q" } })
    assert.same({
      access_key_id = FOUND.access_key_id, secret_access_key = FOUND.secret_access_key,
      session_token = FOUND.session_token, expiration = NOW + 3600, account_id = "123456789012",
      features = { "q", "k" },
    }, assert(provider:get()))
    assert.same({ { Action = WEB, Version = "2011-06-15", RoleArn = ROLE, RoleSessionName = "se",
      WebIdentityToken = TOKEN } }, forms())
    assert.is_nil(server:seen()[1].headers.authorization)
  end)

  it("names sessions after itself and the time if nobody else does", function()
    local spec = { token_file = PATH, role_arn = ROLE, where = 'profile "p"' }
    assert(web_identity.new(new_world(files_with(TOKEN)), spec):get())
    assert.equal("lua-aws-backup-" .. NOW, forms()[1].RoleSessionName)
  end)

  it("asks the STS of the region that it was given", function()
    local url
    local function send(_, request)
      url = request.url
      return nil, "tls", "no"
    end
    local context = play.context(server, nil, { env = {}, files = files_with(TOKEN), transport = { send = send } })
    web_identity.new(context, { token_file = PATH, role_arn = ROLE, region = "eu-west-1", where = "w" }):get()
    assert.equal("https://sts.eu-west-1.amazonaws.com/", url)
  end)

  it("reads the file at each fetch and not before", function()
    local files = files_with(TOKEN)
    local provider = provider_with(files)
    assert.equal(0, files.reads)
    assert(provider:get())
    assert(provider:get())
    assert.equal(2, files.reads)
  end)

  it("strips the line end of the file, and nothing else", function()
    for _, ending in ipairs { "", "\n", "\r\n" } do
      assert(provider_with(files_with(TOKEN .. ending)):get())
      assert(provider_with(files_with(" " .. TOKEN .. " " .. ending)):get())
    end
    for index, form in ipairs(forms()) do
      assert.equal(index % 2 == 1 and TOKEN or " " .. TOKEN .. " ", form.WebIdentityToken)
    end
  end)

  it("fails with a file that holds no token, or more than one line", function()
    for text, message in pairs {
      [""] = "is empty", ["\n"] = "is empty", [" \r\n"] = "is empty", [TOKEN .. "\n\n"] = "must hold one line",
      [TOKEN .. "\n" .. TOKEN] = "must hold one line", [TOKEN .. "\r" .. TOKEN] = "must hold one line",
      ["\n" .. TOKEN] = "must hold one line",
      ["abc"] = "4 to 20000 characters", [("x"):rep(20001)] = "4 to 20000 characters",
    } do
      local said = failure_of(provider_with(files_with(text)))
      assert.truthy(said:find(message, 1, true), said)
      for _, part in ipairs { ROLE, 'profile "p"' } do assert.truthy(said:find(part, 1, true)) end
    end
    assert.same({}, server:seen())
  end)

  it("takes tokens of 4 and of 20000 characters", function()
    for _, size in ipairs { 4, 20000 } do
      assert(provider_with(files_with(("x"):rep(size) .. "\n")):get())
    end
    assert.equal(20000, #forms()[2].WebIdentityToken)
  end)

  it("fails without its file, and so ends the search for credentials", function()
    local missing = files_with(nil, "missing", "cannot read '" .. PATH .. "': No such file or directory")
    local provider = provider_with(missing)
    local said = failure_of(provider)
    for _, part in ipairs { ROLE, PATH, "No such file", "does whatever writes the file run" } do
      assert.truthy(said:find(part, 1, true), said)
    end
    local next_one = { name = "next", get = function() return FOUND end }
    local found, err = chain.new({ provider, next_one }):get()
    assert.is_nil(found)
    assert.is_true(err:is("CredentialsError"))
  end)

  it("fails without a role", function()
    local spec = { token_file = PATH, where = 'profile "p"' }
    local said = failure_of(web_identity.new(new_world(files_with(TOKEN)), spec))
    assert.truthy(said:find('a role (profile "p") could not be assumed', 1, true), said)
    assert.truthy(said:find("name the role as well", 1, true))
    assert.same({}, server:seen())
  end)

  it("reads the file again before another attempt", function()
    server:script { play.refusal(400, "InvalidIdentityToken", "no", { times = 1 }), play.good { action = WEB } }
    local files = files_with(TOKEN)
    local plain_read = files.read
    files.read = function(...) return plain_read(...) .. files.reads end
    assert(provider_with(files):get())
    assert.same({ TOKEN .. 1, TOKEN .. 2 }, { forms()[1].WebIdentityToken, forms()[2].WebIdentityToken })
  end)

  describe("of the environment", function()
    local VARIABLES = { AWS_WEB_IDENTITY_TOKEN_FILE = PATH, AWS_ROLE_ARN = ROLE, AWS_ROLE_SESSION_NAME = "pod" }

    local function from(env, files)
      local context = new_world(files or files_with(TOKEN), env)
      return web_identity.from_environment(context), context
    end

    it("takes file, role and session name from there", function()
      local found = assert(from(VARIABLES):get())
      assert.same({ "h", "k" }, found.features)
      local form = forms()[1]
      assert.same({ ROLE, "pod", TOKEN }, { form.RoleArn, form.RoleSessionName, form.WebIdentityToken })
    end)

    it("names the session itself where the variable is not set", function()
      assert(from({ AWS_WEB_IDENTITY_TOKEN_FILE = PATH, AWS_ROLE_ARN = ROLE }):get())
      assert.equal("lua-aws-backup-" .. NOW, forms()[1].RoleSessionName)
    end)

    it("lets the search go on where no token file is named", function()
      local blank = { AWS_WEB_IDENTITY_TOKEN_FILE = " ", AWS_ROLE_ARN = ROLE }
      for _, env in ipairs { {}, { AWS_ROLE_ARN = ROLE }, blank } do
        local found, reason = from(env):get()
        assert.is_nil(found)
        assert.equal("AWS_WEB_IDENTITY_TOKEN_FILE is not set", reason)
      end
    end)

    it("fails where the role is not named", function()
      local said = failure_of((from({ AWS_WEB_IDENTITY_TOKEN_FILE = PATH })))
      assert.truthy(said:find("AWS_ROLE_ARN", 1, true))
      assert.truthy(said:find("AWS_WEB_IDENTITY_TOKEN_FILE", 1, true))
    end)

    it("reads the variables at each fetch", function()
      local provider, context = from(VARIABLES)
      assert(provider:get())
      context.env.AWS_ROLE_ARN = ROLE .. "2"
      assert(provider:get())
      assert.equal(ROLE .. "2", forms()[2].RoleArn)
    end)
  end)

  describe("with a file that is swapped as Kubernetes does it", function()
    local directory

    local function shell(command) assert(os.execute(command)) end

    local function write(path, text)
      local file = assert(io.open(path, "wb"))
      file:write(text)
      file:close()
    end

    before_each(function()
      local pipe = assert(io.popen("mktemp -d"))
      directory = assert(pipe:read("*l"))
      pipe:close()
    end)
    after_each(function() shell(("rm -r '%s'"):format(directory)) end)

    -- token -> ..data/token, and ..data -> a folder for each version.
    local function publish(version, token)
      shell(("mkdir '%s/..%d'"):format(directory, version))
      write(("%s/..%d/token"):format(directory, version), token)
      shell(("cd '%s' && ln -s ..%d ..next && mv -T ..next ..data"):format(directory, version))
    end

    it("sends the token that is there at each fetch, and fails while there is none", function()
      publish(1, TOKEN .. "1\n")
      shell(("ln -s ..data/token '%s/token'"):format(directory))
      local context = play.context(server)
      local provider = web_identity.new(context,
        { token_file = directory .. "/token", role_arn = ROLE, where = 'profile "p"' })
      assert(provider:get())
      publish(2, TOKEN .. "2\n")
      shell(("rm -r '%s/..1'"):format(directory))
      assert(provider:get())
      shell(("rm -r '%s/..2'"):format(directory))
      local said = failure_of(provider)
      assert.truthy(said:find(directory .. "/token", 1, true), said)
      local seen = forms()
      assert.equal(2, #seen)
      assert.same({ TOKEN .. "1", TOKEN .. "2" }, { seen[1].WebIdentityToken, seen[2].WebIdentityToken })
    end)

    it("fails with a directory in the file's place", function()
      local provider = web_identity.new(play.context(server), { token_file = directory, role_arn = ROLE, where = "w" })
      assert.truthy(failure_of(provider):find(directory, 1, true))
    end)
  end)
end)

local files = require "aws.backup.files"
local home = require "spec.services.home"
local shared_files = require "aws.backup.shared_files"

local function getenv_of(variables)
  return function(name) return variables[name] end
end

-- A reader of files that are texts in a table, or { kind, message } to fail with; it notes what it was asked for.
local function fake(texts)
  local asked = {}
  local function read(path, max_bytes)
    asked[#asked + 1] = { path = path, max_bytes = max_bytes }
    local found = texts[path]
    if found == nil then return nil, "missing", "cannot read '" .. path .. "': No such file or directory" end
    if type(found) == "table" then return nil, found[1], found[2] end
    return found
  end
  return { read = read }, asked
end

local CONFIG, CREDENTIALS = "/home/ann/.aws/config", "/home/ann/.aws/credentials"

-- Loads the two files of a user whose home is /home/ann.
local function load(config, credentials, variables)
  variables = variables or {}
  variables.HOME = variables.HOME or "/home/ann"
  local reader, asked = fake { [CONFIG] = config, [CREDENTIALS] = credentials }
  local shared, err = shared_files.load(getenv_of(variables), reader)
  return shared, err, asked
end

local function refused(shared, err, ...)
  assert.is_nil(shared)
  assert.is_true(err:is("ConfigError"))
  for _, part in ipairs { ... } do
    assert.truthy(err.message:find(part, 1, true), ("%q is not in %q"):format(part, err.message))
  end
end

describe("shared_files.home", function()
  local function home_of(variables) return shared_files.home(getenv_of(variables)) end

  it("is HOME before all", function()
    assert.equal("/h", home_of { HOME = "/h", USERPROFILE = "C:\\u", HOMEDRIVE = "C:", HOMEPATH = "\\p" })
  end)

  it("is USERPROFILE without HOME, then HOMEDRIVE and HOMEPATH", function()
    assert.equal("C:\\u", home_of { USERPROFILE = "C:\\u", HOMEDRIVE = "C:", HOMEPATH = "\\p" })
    assert.equal("C:\\p", home_of { HOMEDRIVE = "C:", HOMEPATH = "\\p" })
  end)

  it("is unknown where no variable names it wholly", function()
    assert.is_nil(home_of {})
    assert.is_nil(home_of { HOMEDRIVE = "C:" })
    assert.is_nil(home_of { HOMEPATH = "\\p" })
  end)
end)

describe("shared_files.expand", function()
  it("replaces a ~ that is all of the path or stands before its first slash", function()
    for path, expanded in pairs {
      ["~"] = "/h", ["~/"] = "/h/", ["~/.aws/config"] = "/h/.aws/config", ["~//a"] = "/h//a",
      ["~ann/a"] = "~ann/a", ["/a/~/b"] = "/a/~/b", ["a/~"] = "a/~", ["~~"] = "~~", ["$HOME/a"] = "$HOME/a",
      ["a~/b"] = "a~/b", [""] = "", ["/a b"] = "/a b",
    } do
      assert.equal(expanded, shared_files.expand(path, getenv_of { HOME = "/h" }))
    end
  end)

  it("does not double the slash after a home that ends with one", function()
    assert.equal("/.aws/config", shared_files.expand("~/.aws/config", getenv_of { HOME = "/" }))
    assert.equal("/home/ann/.aws/config", shared_files.expand("~/.aws/config", getenv_of { HOME = "/home/ann/" }))
    assert.equal("/", shared_files.expand("~", getenv_of { HOME = "/" }))
  end)

  it("leaves the path as it is where no home is known", function()
    assert.equal("~/a", shared_files.expand("~/a", getenv_of {}))
  end)
end)

describe("shared_files.load", function()
  it("finds both files below the home directory, and reads 16 MiB of each at most", function()
    local shared, _, asked = load("[profile a]\nregion = eu-west-1", "[b]")
    assert.equal(CONFIG, shared.config_path)
    assert.equal(CREDENTIALS, shared.credentials_path)
    assert.same({ { path = CONFIG, max_bytes = 16777216 }, { path = CREDENTIALS, max_bytes = 16777216 } }, asked)
    assert.same({ region = "eu-west-1" }, shared.profile("a"))
    assert.same({}, shared.profile("b"))
  end)

  it("reads the files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, with ~ for the home", function()
    local reader = fake { ["/etc/c"] = "[profile a]\nk = v", ["/h/x"] = "[a]\nl = w" }
    local shared = assert(shared_files.load(
      getenv_of { HOME = "/h", AWS_CONFIG_FILE = "/etc/c", AWS_SHARED_CREDENTIALS_FILE = "~/x" }, reader))
    assert.equal("/etc/c", shared.config_path)
    assert.equal("/h/x", shared.credentials_path)
    assert.same({ k = "v", l = "w" }, shared.profile("a"))
  end)

  it("takes a missing file for an empty one, also where a variable names it", function()
    local shared = assert(load(nil, nil))
    assert.same({}, shared.profile_names())
    assert.is_nil(shared.profile("default"))
    assert.same({ "a" }, assert(load(nil, "[a]")).profile_names())
    assert.same({}, assert(load("", "", { AWS_CONFIG_FILE = "/no/c", AWS_SHARED_CREDENTIALS_FILE = "/no/d" }))
      .profile_names())
  end)

  it("takes /dev/null for an empty file, without reading it", function()
    local shared, _, asked = load("[profile a]", "[a]",
      { AWS_CONFIG_FILE = "/dev/null", AWS_SHARED_CREDENTIALS_FILE = "/dev/null" })
    assert.same({}, shared.profile_names())
    assert.same({}, asked)
  end)

  it("reads no file below a home that is not known", function()
    local reader, asked = fake {}
    local shared = assert(shared_files.load(getenv_of {}, reader))
    assert.same({}, asked)
    assert.same({}, shared.profile_names())
    assert.equal("~/.aws/config", shared.config_path)
  end)

  it("refuses a variable that begins with ~ where no home is known", function()
    local reader = fake {}
    for _, name in ipairs { "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE" } do
      local shared, err = shared_files.load(getenv_of { [name] = "~/x" }, reader)
      refused(shared, err, "~/x", "HOME", name)
    end
  end)

  it("says which file can't be read, why, and which variable names another", function()
    for kind, reason in pairs {
      denied = "no permission", not_a_file = "directory", too_large = "larger than 16 MiB", io = "Input/output error",
    } do
      local failure = { kind, "Input/output error" }
      local shared, err = load(failure, "[a]")
      refused(shared, err, "config file " .. CONFIG, reason, "AWS_CONFIG_FILE")
      shared, err = load("[default]", failure)
      refused(shared, err, "credentials file " .. CREDENTIALS, reason, "AWS_SHARED_CREDENTIALS_FILE")
    end
  end)

  it("shows a path and a reason in one line", function()
    local reader = fake { ["/a\nb\27"] = { "io", "bad\nluck" } }
    local shared, err = shared_files.load(getenv_of { AWS_CONFIG_FILE = "/a\nb\27" }, reader)
    refused(shared, err, "/a\\nb\\x1B", "bad\\nluck")
  end)

  it("says which line of which file can't be parsed, without showing it", function()
    local shared, err = load("[default]\n\nwJalrXUtnFEMI", "")
    refused(shared, err, CONFIG .. ": line 3: ", "AWS_CONFIG_FILE")
    assert.is_nil(err.message:find("wJalrXUtnFEMI", 1, true))
    shared, err = load("", "[default\nwJalrXUtnFEMI = x")
    refused(shared, err, CREDENTIALS .. ": line 1: ", "AWS_SHARED_CREDENTIALS_FILE")
    assert.is_nil(err.message:find("wJalrXUtnFEMI", 1, true))
  end)

  it("takes each file by the rules of its kind", function()
    local shared = assert(load("[profile a]\nk = config\n[b]\nk = config", "[b]\nk = credentials\n[profile a]\nl = w"))
    assert.same({ k = "config" }, shared.profile("a"))
    assert.same({ k = "credentials" }, shared.profile("b"))
  end)

  it("warns of what is ignored, with path and line", function()
    local shared = assert(load("[profile a]\n[a]\n", "[profile a]\n"))
    assert.equal(2, #shared.warnings)
    assert.truthy(shared.warnings[1]:find(CONFIG .. ": line 2: ", 1, true))
    assert.truthy(shared.warnings[2]:find(CREDENTIALS .. ": line 1: ", 1, true))
  end)

  it("reads once, so that its result outlives the files", function()
    local texts = {
      [CONFIG] = "[profile a]\nk = v\n[sso-session s]\nk = v\n[services v]\nk = v", [CREDENTIALS] = "[a]",
    }
    local reader, asked = fake(texts)
    local shared = assert(shared_files.load(getenv_of { HOME = "/home/ann" }, reader))
    texts[CONFIG], reader.read = nil, nil
    assert.same({ k = "v" }, shared.profile("a"))
    assert.same({ k = "v" }, shared.sso_session("s"))
    assert.same({ k = "v" }, shared.services("v"))
    assert.equal(2, #asked)
  end)
end)

describe("what shared_files.load returns", function()
  local CONFIG_TEXT = [[
[default]
region = us-east-1
[profile a]
region = eu-west-1
aws_access_key_id = FROM_CONFIG
s3 =
  k = config
  l = config
services = local
[profile only-config]
[sso-session s]
sso_region = eu-central-1
[services local]
backup =
  endpoint_url = http://localhost:4566
]]
  local CREDENTIALS_TEXT = [[
[a]
aws_access_key_id = FROM_CREDENTIALS
aws_secret_access_key = SECRET
s3 =
  k = credentials
[only-credentials]
aws_access_key_id = X
]]
  local shared

  before_each(function() shared = assert(load(CONFIG_TEXT, CREDENTIALS_TEXT)) end)

  it("merges a profile's keys, and lets the credentials file win", function()
    assert.same({ region = "eu-west-1", aws_access_key_id = "FROM_CREDENTIALS", aws_secret_access_key = "SECRET",
      s3 = { k = "credentials" }, services = "local" }, shared.profile("a"))
    assert.same({}, shared.profile("only-config"))
    assert.same({ aws_access_key_id = "X" }, shared.profile("only-credentials"))
    assert.same({ region = "us-east-1" }, shared.profile("default"))
    assert.is_nil(shared.profile("A"))
  end)

  it("tells what each file alone says of a profile", function()
    assert.equal("FROM_CONFIG", shared.config_file("a").aws_access_key_id)
    assert.equal("FROM_CREDENTIALS", shared.credentials_file("a").aws_access_key_id)
    assert.is_nil(shared.credentials_file("a").region)
    assert.is_nil(shared.credentials_file("only-config"))
    assert.is_nil(shared.config_file("only-credentials"))
  end)

  it("has the sections of SSO sessions and services", function()
    assert.same({ sso_region = "eu-central-1" }, shared.sso_session("s"))
    assert.same({ backup = { endpoint_url = "http://localhost:4566" } }, shared.services("local"))
    assert.is_nil(shared.sso_session("local"))
    assert.is_nil(shared.services("s"))
  end)

  it("names the profiles of both files, sorted", function()
    assert.same({ "a", "default", "only-config", "only-credentials" }, shared.profile_names())
  end)

  it("is not changed by what is done to what it gave", function()
    shared.profile("a").region = "x"
    shared.profile("a").s3.k = "x"
    shared.services("local").backup.endpoint_url = "x"
    shared.config_file("a").region = nil
    shared.credentials_file("a").aws_secret_access_key = nil
    shared.profile_names()[1] = "x"
    assert.equal("eu-west-1", shared.profile("a").region)
    assert.equal("credentials", shared.profile("a").s3.k)
    assert.equal("http://localhost:4566", shared.services("local").backup.endpoint_url)
    assert.equal("SECRET", shared.profile("a").aws_secret_access_key)
    assert.equal("a", shared.profile_names()[1])
  end)

  it("holds no secret in a field that can be walked over", function()
    for _, value in pairs(shared) do
      assert.is_true(type(value) == "function" or type(value) == "string" or value == shared.warnings)
      assert.not_equal("SECRET", value)
    end
  end)
end)

describe("shared_files.load on a real file system", function()
  local folder

  before_each(function() folder = home.new() end)
  after_each(function() folder:remove() end)

  -- os.execute tells success by 0 in Lua 5.1 and by true later.
  local function run(command, path)
    local status = os.execute(command .. " '" .. path .. "'")
    assert.is_true(status == 0 or status == true)
  end

  local function load_real(variables)
    return shared_files.load(getenv_of(variables), files.default)
  end

  it("reads ~/.aws/config and ~/.aws/credentials", function()
    folder:write(".aws/config", "\239\187\191[profile a]\r\nregion = eu-west-1\r\n")
    folder:write(".aws/credentials", "[a]\naws_access_key_id = X")
    local shared = assert(load_real { HOME = folder.path })
    assert.same({ region = "eu-west-1", aws_access_key_id = "X" }, shared.profile("a"))
  end)

  it("is content with an empty home, and with a ~/.aws that is a file", function()
    assert.same({}, assert(load_real { HOME = folder.path }).profile_names())
    folder:write(".aws", "")
    assert.same({}, assert(load_real { HOME = folder.path }).profile_names())
  end)

  it("refuses a directory, a FIFO and a device, and waits for none of them", function()
    local fifo = folder.path .. "/fifo"
    run("mkfifo", fifo)
    for _, path in ipairs { folder.path, fifo, "/dev/zero" } do
      local shared, err = load_real { AWS_CONFIG_FILE = path }
      refused(shared, err, path, "no regular file", "AWS_CONFIG_FILE")
    end
  end)

  it("refuses a sparse file of 1 GiB", function()
    local path = folder:write("large", "")
    local file = assert(io.open(path, "r+b"))
    file:seek("set", 2 ^ 30 - 1)
    file:write("x")
    file:close()
    local shared, err = load_real { AWS_SHARED_CREDENTIALS_FILE = path }
    refused(shared, err, path, "larger than 16 MiB")
  end)

  it("takes 16 MiB, but not one byte more", function()
    local text = "[profile a]\n#" .. ("x"):rep(2 ^ 24 - 13)
    assert.same({ "a" }, assert(load_real { AWS_CONFIG_FILE = folder:write("full", text) }).profile_names())
    local shared, err = load_real { AWS_CONFIG_FILE = folder:write("overfull", text .. "x") }
    refused(shared, err, "larger than 16 MiB")
  end)

  -- Root may read everything, so there the file is read.
  it("refuses a file just where the user may not read it", function()
    local path = folder:write("locked", "[profile a]")
    run("chmod 000", path)
    local readable = io.open(path, "rb")
    local shared, err = load_real { AWS_CONFIG_FILE = path }
    if readable then
      readable:close()
      assert.same({ "a" }, shared.profile_names())
    else
      refused(shared, err, path, "no permission")
    end
  end)
end)

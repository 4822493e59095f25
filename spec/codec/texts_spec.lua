local base64 = require "aws.backup.codec.base64"
local naming = require "aws.backup.codec.naming"
local path = require "aws.backup.codec.path"
local sequence = require "aws.backup.codec.sequence"
local uri = require "aws.backup.codec.uri"
local visible = require "aws.backup.codec.visible"

local function all_bytes()
  local bytes = {}
  for byte = 0, 255 do bytes[byte + 1] = string.char(byte) end
  return table.concat(bytes)
end

describe("codec.uri", function()
  it("encodes every byte but the unreserved ones", function()
    local kept = uri.encode(all_bytes()):gsub("%%%x%x", "")
    assert.equal("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~", kept)
    assert.equal("arn%3Aaws%3As3%3A%3A%3Ab%2Fk%20%25%2B%C3%A9", uri.encode("arn:aws:s3:::b/k %+é"))
  end)

  it("keeps slashes in greedy labels", function()
    assert.equal("a/b%3A", uri.encode_path("a/b:"))
  end)

  it("decodes what it encodes, and leaves a stray percent sign", function()
    assert.equal(all_bytes(), uri.decode(uri.encode(all_bytes())))
    assert.equal("50% /", uri.decode("50% %2f"))
  end)
end)

describe("codec.base64", function()
  it("writes the vectors of RFC 4648 and reads them back", function()
    local vectors = { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=",
      foobar = "Zm9vYmFy" }
    for bytes, text in pairs(vectors) do
      assert.equal(text, base64.encode(bytes))
      assert.equal(bytes, base64.decode(text))
    end
    assert.equal(all_bytes(), base64.decode(base64.encode(all_bytes())))
  end)

  it("writes the alphabet for URLs without padding", function()
    local vectors = { [""] = "", f = "Zg", fo = "Zm8", foo = "Zm9v", ["\251\255"] = "-_8", ["\251\255\191"] = "-_-_" }
    for bytes, text in pairs(vectors) do assert.equal(text, base64.encode_url(bytes)) end
    assert.is_nil(base64.encode_url(all_bytes()):find("[^A-Za-z0-9_-]"))
  end)

  it("refuses what is no Base64", function()
    for _, text in ipairs { "Zg", "Zg=", "Z===", "Zm9v!", "=Zg=", "Zm 9" } do
      assert.is_nil(base64.decode(text), text)
    end
  end)
end)

describe("codec.visible", function()
  it("shows control bytes and bad UTF-8 as escapes", function()
    assert.equal("a\\nb\\r\\t\\x00\\x7Fé", visible.text("a\nb\r\t\0\127é"))
    assert.equal("a\\xFF", visible.text("a\255"))
  end)

  it("cuts between characters", function()
    assert.equal("aé...", visible.text("aéé", 4))
    assert.equal("aéé", visible.text("aéé", 5))
  end)
end)

describe("codec.naming", function()
  it("names methods as boto3 does", function()
    for name, method in pairs {
      StartBackupJob = "start_backup_job", GetBackupPlanFromJSON = "get_backup_plan_from_json",
      GetPITRMalwareScanResults = "get_pitr_malware_scan_results",
      DisassociateBackupVaultMpaApprovalTeam = "disassociate_backup_vault_mpa_approval_team",
      ListBackupARNs = "list_backup_arns", ExportBackupPlanTemplate = "export_backup_plan_template",
    } do
      assert.equal(method, naming.snake_case(name))
    end
  end)
end)

describe("codec.path", function()
  it("joins members, items and odd keys", function()
    assert.equal("A.B[2]", path.item(path.member(path.member("", "A"), "B"), 2))
    assert.equal('A["x y"]', path.member("A", "x y"))
    assert.equal("A[1].B", path.join("A", path.join("[1]", "B")))
    assert.equal("A", path.join("A", ""))
    assert.equal("B", path.join("", "B"))
  end)
end)

describe("codec.sequence", function()
  it("counts lists", function()
    assert.equal(0, sequence.length({}))
    assert.equal(3, sequence.length({ 1, false, 3 }))
  end)

  it("says what is wrong with other tables", function()
    assert.same({ nil, "must be a list without holes, but item 2 is missing" }, { sequence.length({ 1, nil, 3 }) })
    assert.same({ nil, "must be a list, but has a string key" }, { sequence.length({ 1, x = 2 }) })
    assert.same({ nil, "must be a list, but has the key 1.5" }, { sequence.length({ [1.5] = 2 }) })
    assert.same({ nil, "must be a list, but has the key true" }, { sequence.length({ [true] = 2 }) })
  end)
end)

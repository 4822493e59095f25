--- Small models for specs of the codec.

local codec = require "aws.backup.codec"

local fragments = {}

--- An operation with one member of each kind in its body.
function fragments.everything()
  local shapes = {
    Input = {
      type = "structure", required = {},
      order = { "Text", "Whole", "Big", "Flag", "When", "Items", "Table", "Inner", "Secret", "SecretItems", "Ratio",
        "Bytes", "Choice" },
      members = {
        Text = { shape = "Text" }, Whole = { shape = "Whole" }, Big = { shape = "Big" }, Flag = { shape = "Flag" },
        When = { shape = "When" }, Items = { shape = "Items" }, Table = { shape = "Table" },
        Inner = { shape = "Inner" }, Secret = { shape = "Secret" }, SecretItems = { shape = "SecretItems" },
        Ratio = { shape = "Ratio" }, Bytes = { shape = "Bytes" }, Choice = { shape = "Choice" },
      },
    },
    Text = { type = "string" }, Whole = { type = "integer", min = 1, max = 10 }, Big = { type = "long" },
    Flag = { type = "boolean" }, When = { type = "timestamp" }, Ratio = { type = "double" },
    Bytes = { type = "blob", min = 1 },
    Short = { type = "string", min = 2, max = 4 },
    Items = { type = "list", member = { shape = "Short" }, max = 3 },
    Table = { type = "map", key = { shape = "Text" }, value = { shape = "Whole" } },
    Inner = {
      type = "structure", required = { "Name" }, order = { "Name", "Next" },
      members = { Name = { shape = "Text" }, Next = { shape = "Inner" } },
    },
    Secret = { type = "map", key = { shape = "Short" }, value = { shape = "Short" }, sensitive = true },
    SecretItems = { type = "list", member = { shape = "Short" }, sensitive = true },
    Choice = {
      type = "structure", union = true, order = { "A", "B" },
      members = { A = { shape = "Text" }, B = { shape = "Whole" } },
    },
  }
  return fragments.operation({
    name = "Everything", http = { method = "POST", requestUri = "/everything" },
    input = { shape = "Input" }, output = { shape = "Input" },
  }, shapes)
end

--- Compiles one operation of a model of its own.
function fragments.operation(operation, shapes)
  local model = codec.from_model_table { operations = { [operation.name] = operation }, shapes = shapes or {} }
  return assert(codec.new(model):operation(operation.name))
end

return fragments

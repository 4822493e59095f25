--- What a region's name may look like, and the old spellings that mean "with FIPS".

local region = {}

--- The rule of `is_valid`, for a message.
region.RULE = "the name of a region: letters, digits and hyphens only, as in eu-west-1"

--- Whether a text is one label of a host name. A dot, a slash or an @ would change the host that it is put into.
---@param text string
---@return boolean
function region.is_host_label(text)
  return #text >= 1 and #text <= 63 and text:find("^[0-9A-Za-z%-]+$") ~= nil
    and text:sub(1, 1) ~= "-" and text:sub(-1) ~= "-"
end

--- Whether a text may be the name of a region: one label that is not all digits. Whether there is such a region is
--- not asked, so that new ones work.
---@param name string
---@return boolean
function region.is_valid(name)
  return region.is_host_label(name) and not name:find("^%d+$")
end

--- Takes a pseudo region apart: "fips-us-east-1" and "us-east-1-fips" mean us-east-1 with FIPS.
---@param name string?
---@return string? name  the region itself
---@return boolean is_pseudo
function region.split_pseudo(name)
  local real = name and (name:match("^fips%-(.+)$") or name:match("^(.+)%-fips$"))
  if real then return real, true end
  return name, false
end

return region

local SIGV4 = "spec/core/sigv4_spec.lua"
local CALL = "spec/client_spec.lua"

return { topic = "Signature Version 4", facts = {
  { "Host, X-Amz-Date and Content-Type are signed", CALL, "sends a signed request and returns output and meta" },
  { "the session token is sent and signed", CALL, "sends and signs the session token" },
  { "hop-by-hop headers, User-Agent and the retry headers are never signed", SIGV4,
    "never signs what proxies and HTTP libraries change" },
  { "the path is escaped once more for the canonical request", SIGV4, "signs an ARN in the path" },
  { "the path is normalised, unless told otherwise", SIGV4,
    "leaves dot segments and slashes alone without normalisation" },
  { "a parameter without a value signs as an empty one", SIGV4, "signs a query without a value" },
  { "the query is sorted, and a port that is not the default is part of the host", SIGV4,
    "signs a query that has to be sorted, and a host with a port" },
  { "the hash of the very body is signed", SIGV4, "signs a body and a session token" },
  { "header values are trimmed, and joined where a name comes twice", SIGV4, "agrees with vector " },
  { "the derived key is kept while date, region, service and secret stay", SIGV4,
    "derives a new key when date, region, service or secret change" },
  { "what goes on the wire is what was signed", CALL,
    "signs what it sends: the signature of a request with an ARN in its path agrees with the signer" },
} }

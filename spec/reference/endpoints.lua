local BACKUP = "spec/endpoint_spec.lua"
local SERVICE = "spec/service_endpoint_spec.lua"

return { topic = "Endpoints", facts = {
  -- Rules of AWS Backup.
  { "a custom endpoint with FIPS or dual-stack is an error, whether in code, environment or profile",
    BACKUP, "does not go together with FIPS or dual-stack, wherever they come from" },
  { "a custom endpoint is used as it is", BACKUP, "keeps port, path and query, and joins paths with one slash" },
  { "without region and endpoint there is an error",
    BACKUP, "asks for a region where there is neither region nor endpoint" },
  { "plain, FIPS, dual-stack and both, in each partition", BACKUP, "knows every partition, with FIPS and dual-stack" },
  { "a partition that lacks FIPS or dual-stack refuses them",
    BACKUP, "refuses FIPS or dual-stack where the partition has none" },
  { "the signing region is the client's also with a custom endpoint",
    BACKUP, "signs for the client's region, and does without one itself" },
  { "a client needs a region even with a custom endpoint", "spec/client_spec.lua",
    "raises typed errors for what it is given" },

  -- Partitions.
  { "a region is found by list, by pattern, or taken for one of the partition aws",
    BACKUP, "puts a region into the partition that lists it, that has its pattern, or else into the first" },
  { "a region that is not known works", BACKUP, "lets a region pass that the table does not know yet" },

  -- Validation.
  { "a region is one DNS label, not all digits", BACKUP, "refuses a region that would change the host" },
  { "the letter case of a region is kept for the signature",
    BACKUP, "keeps the letter case of the region for the signature, not for the host" },
  { "a pseudo region is the region with FIPS", BACKUP, "turns a pseudo region into its region with FIPS" },
  { "only absolute http and https URLs with a valid host and port",
    BACKUP, "refuses what is not an absolute http or https URL with a host" },
  { "IPv6 literals are hosts", BACKUP, "takes an IPv6 literal" },
  { "user and password in a URL are dropped", BACKUP, "drops user and password, and never shows them" },
  { "base path and operation path are joined with one slash, queries are joined",
    "spec/client_spec.lua", "joins a custom endpoint's path and query with its own" },

  -- STS.
  { "STS: region, FIPS, dual-stack and both",
    SERVICE, "STS, of SSO and of OIDC follows region, partition, FIPS and dual-stack" },
  { "STS: signed for its region", SERVICE, "is signed for its own region" },
  { "STS in legacy mode: the global endpoint in the sixteen old regions, signed for us-east-1",
    SERVICE, "is the global one in legacy mode, in the regions that had none of their own, signed for us-east-1" },
  { "STS in legacy mode: regional elsewhere, and with FIPS or dual-stack",
    SERVICE, "is regional in legacy mode too in every other region, and with FIPS or dual-stack" },
  { "STS of aws-global: the global endpoint", SERVICE, "is the global one for aws-global in either mode" },
  { "STS, SSO and OIDC with FIPS in GovCloud: the plain hosts",
    SERVICE, "STS, of SSO and of OIDC with FIPS in GovCloud is the plain one" },
  { "STS at a configured endpoint: as given, signed for the region",
    SERVICE, "beats the global endpoint of STS and is signed for the region asked for" },
  { "a configured endpoint of these services does not go together with FIPS or dual-stack either",
    SERVICE, "does not go together with FIPS or dual-stack; the message names service and places" },

  -- IAM Identity Center and Sign-In.
  { "portal.sso and oidc follow region, partition, FIPS and dual-stack",
    SERVICE, "STS, of SSO and of OIDC follows region, partition, FIPS and dual-stack" },
  { "the region is that of the SSO session, not the caller's",
    SERVICE, "a service takes the region that it is asked for, not the client's" },
  { "Sign-In: a site by partition, else signin-fips and signin hosts",
    SERVICE, "signin has a site of its own in each partition" },
  { "Sign-In with FIPS in GovCloud", SERVICE, "signin with FIPS in GovCloud has a host name of its own" },
} }

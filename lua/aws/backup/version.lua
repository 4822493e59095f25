--- The version of the rock, in one place: `_VERSION`, the User-Agent and the changelog speak of the same.
return "0.1.0"

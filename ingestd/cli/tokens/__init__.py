"""`ingestd tokens`: add, list and revoke tokens of the API."""

"""`ingestd failures`: list failures, and retry quarantined entries."""

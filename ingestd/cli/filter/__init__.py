"""`ingestd filter`: try filters."""

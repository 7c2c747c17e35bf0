"""`ingestd config`: the settings."""

"""`ingestd sources`: add, list, pause and remove sources."""

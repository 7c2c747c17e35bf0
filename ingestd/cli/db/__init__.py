"""`ingestd db`: the database schema."""

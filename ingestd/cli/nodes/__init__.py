"""`ingestd nodes`: the daemons that work on the database, by name."""

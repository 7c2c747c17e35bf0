"""`ingestd gaps`: list, accept and repair gaps."""

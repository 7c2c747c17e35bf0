"""`ingestd records`: list, show, search and export records."""

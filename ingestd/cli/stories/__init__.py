"""`ingestd stories`: list, show, search, split, merge and rebuild stories."""

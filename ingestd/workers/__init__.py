"""Worker processes that may be killed: what parses and extracts strangers' markup runs in them."""

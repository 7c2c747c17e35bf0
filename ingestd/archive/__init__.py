"""Archive of raw bytes, each body stored once under its sha256."""

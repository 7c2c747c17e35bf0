"""`ingestd clean`: extract articles from saved pages."""

"""Extract records again from the raw bytes in the archive."""

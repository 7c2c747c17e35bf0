"""Reprocessing: extract the articles of records again, from the raw bytes in the archive."""

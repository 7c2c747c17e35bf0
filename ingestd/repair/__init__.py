"""Repair of gaps: look for entries that were listed and dropped between two polls of a source."""

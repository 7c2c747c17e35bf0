"""Repair of gaps: look for entries that came and went between two polls of a source."""

"""Repair gaps: find the entries that a feed listed and dropped again between two polls of a source."""

"""Decide on versions, kills, corrections and embargoes of wire items."""

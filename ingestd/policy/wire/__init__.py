"""Versions, kills, corrections and embargoes of wire items."""

"""Helpers shared by the formats."""

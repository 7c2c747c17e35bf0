"""Repair of what an older release made twice: several records of one entry."""

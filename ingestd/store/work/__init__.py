"""Durable work and the runs that claim it."""

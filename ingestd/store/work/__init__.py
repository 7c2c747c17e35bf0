"""Durable work: entries and revisits, backfills, and the runs that claim them."""

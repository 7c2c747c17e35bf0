"""`ingestd backfill`: import what was published in the past."""

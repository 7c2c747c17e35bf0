"""DocumentReader that list entries, read outside a poll: by backfills and by the repair of gaps."""

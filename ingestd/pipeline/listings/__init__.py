"""Documents that list entries, as backfills and repairs read them outside a poll."""

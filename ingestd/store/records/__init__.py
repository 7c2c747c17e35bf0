"""Records, revisions and carriers: written, read, released and reprocessed."""

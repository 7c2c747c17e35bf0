"""The values that pass through ingestd, one for each stage in the life of an article.

Source → Reply → Feed with its Entries → Page → Article → Record.  A news agency sends Items, each a Version of its
record.

All are frozen.  Sequences are tuples, times are aware and in UTC, a missing value is None.
"""

"""The nouns: one for each stage in the life of an article.

Source → Reply → Feed of Entries → Page → Article → Record; a wire sends Items, each one a Version of its record.

All are frozen.  Sequences are tuples, times are aware and in UTC, absent is None.
"""

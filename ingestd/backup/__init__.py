"""Back up the database and the archive, and restore them.

A backup is a directory::

    manifest.json    what is in it; written last, so a directory without it is unfinished
    ingestd.db       the database, as an SQLite file, whichever database it is from
    archive/         the raw bytes that the database refers to, as the archive stores them
"""

"""One-off backfills of a feed's archive, a sitemap, a list of URLs or a directory of files.

A backfill lists entries, stores them as rows of its own, and processes them at the same time (`job`).  The position of
the listing is committed together with the listed entries, so a backfill that is killed resumes where it was.  The
daemon does not process these entries, and the backfill does not change the validators and due times of sources.
"""

"""Backfills: one-off imports of a feed's archive, a sitemap, a list of URLs or a directory of files.

A backfill lists entries, stores them as rows of its own, and processes them at the same time (`job`).  The position of
the listing is committed together with the listed entries, so a backfill whose process dies can be resumed there.  The
daemon does not process these entries, and the backfill does not change the validators and due times of sources.
"""

"""One-off backfills: what a source's archive, a sitemap, a list of URLs or a directory holds, made records once.

A backfill *lists* entries, as durable rows of its own, and *makes* records of them at the same time; `job` tells
that story.  How far the listing has come is committed with what it found, so a killed backfill goes on where it
was.  The daemon leaves the entries alone, and the backfill leaves the sources' validators and due times alone.
"""

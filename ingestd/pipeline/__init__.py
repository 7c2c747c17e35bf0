"""The story: what happens to a source and to an article.  Network, store and workers meet here; start with `ingest`."""

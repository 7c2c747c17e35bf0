"""ingestd: an async ingestion daemon for news and wire services."""

__version__ = "0.1.0"

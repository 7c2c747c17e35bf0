"""IPTC ninjs 1.x, 2.x and 3.x, and dialects."""

from ingestd.formats.ninjs.reader import FORMAT, parse, recognises

__all__ = ["FORMAT", "parse", "recognises"]

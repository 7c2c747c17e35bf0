"""NewsML 1.0 to 1.2 (IPTC)."""

from ingestd.formats.newsml_1.reader import FORMAT, parse, recognises

__all__ = ["FORMAT", "parse", "recognises"]

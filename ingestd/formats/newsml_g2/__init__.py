"""NewsML-G2 2.x (IPTC)."""

from ingestd.formats.newsml_g2.reader import FORMAT, parse, recognises

__all__ = ["FORMAT", "parse", "recognises"]

"""NITF 2.5 to 3.6 (IPTC)."""

from ingestd.formats.nitf.reader import FORMAT, parse, recognises

__all__ = ["FORMAT", "parse", "recognises"]

"""RSS, RDF, CDF and Atom."""

from ingestd.formats.syndication.reader import FORMAT, parse, recognises

__all__ = ["FORMAT", "parse", "recognises"]

"""Well-formed RSS, RDF and Atom, read as feedparser reads it, in a fraction of its time."""

from ingestd.formats.syndication.well_formed.document import read

__all__ = ["read"]

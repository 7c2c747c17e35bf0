"""NewsML-G2 2.x (IPTC)."""

from ingestd.model.item import Item
from ingestd.renderers.renderer import Renderer

__all__ = ["RENDERER", "render"]


def render(item: Item) -> bytes:
    """Return an item as a news item in UTF-8, on one line; notes that are not public are left out.

    A guid must be a URI and a version a positive number (5.1): a guid that is no URI becomes a URN, another version is
    left out.
    """
    from ingestd.renderers.newsml_g2 import writer

    return writer.render(item)


RENDERER = Renderer("newsml-g2", "application/vnd.iptc.g2.newsitem+xml", render)

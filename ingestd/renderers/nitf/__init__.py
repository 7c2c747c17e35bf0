"""NITF 3.6 (IPTC)."""

from ingestd.model.item import Item
from ingestd.renderers.renderer import Renderer

__all__ = ["RENDERER", "render"]


def render(item: Item) -> bytes:
    """Return an item as NITF 3.6 in UTF-8, on one line; notes that are not public are left out."""
    from ingestd.renderers.nitf import writer

    return writer.render(item)


RENDERER = Renderer("nitf", "application/nitf+xml", render)

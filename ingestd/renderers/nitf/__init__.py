"""NITF 3.6 (IPTC)."""

from ingestd.renderers.nitf.writer import RENDERER, body_content, render

__all__ = ["RENDERER", "body_content", "render"]

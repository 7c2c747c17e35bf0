"""NewsML-G2 2.x (IPTC)."""

from ingestd.renderers.newsml_g2.writer import RENDERER, render

__all__ = ["RENDERER", "render"]

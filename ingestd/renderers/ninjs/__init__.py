"""IPTC ninjs 3.1."""

from ingestd.renderers.ninjs.writer import RENDERER, as_ninjs, render

__all__ = ["RENDERER", "as_ninjs", "render"]

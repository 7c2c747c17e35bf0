"""Items to bytes, in the formats that others read."""

from ingestd.renderers import ninjs
from ingestd.renderers.renderer import Renderer

#: What is written, by the name a command line has for it.
RENDERERS: tuple[Renderer, ...] = (ninjs.RENDERER,)

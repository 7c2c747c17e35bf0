"""Render items as bytes in output formats.

Each renderer is one module or folder here, exports `RENDERER` and has a line in RENDERERS.
"""

from ingestd.renderers import newsml_g2, ninjs, nitf
from ingestd.renderers.renderer import Renderer

#: All renderers; `--format` of a command takes their names.
RENDERERS: tuple[Renderer, ...] = (ninjs.RENDERER, nitf.RENDERER, newsml_g2.RENDERER)

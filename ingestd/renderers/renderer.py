"""What a module of this folder offers: one format to write."""

from collections.abc import Callable
from dataclasses import dataclass

from ingestd.model.item import Item


@dataclass(frozen=True, slots=True)
class Renderer:
    """One format: its name, its media type, and how to write an item in it."""

    name: str
    media_type: str
    #: From an item to bytes on one line, without what is for the desk alone.
    render: Callable[[Item], bytes]

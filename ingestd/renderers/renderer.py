"""The interface of a renderer."""

from collections.abc import Callable
from dataclasses import dataclass

from ingestd.model.item import Item


@dataclass(frozen=True, slots=True)
class Renderer:
    """An output format: its name, its media type and its function."""

    name: str
    media_type: str
    #: Returns an item as one line of bytes; notes that are not public are left out.
    render: Callable[[Item], bytes]

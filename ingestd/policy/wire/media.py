"""Attach the media files delivered with an item to its renditions and associations."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from ingestd.model.item import Association, Item, Rendition

#: By suffix; any other file is a picture.
_TYPES: Mapping[str, str] = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".webm", ".avi", ".mpg", ".mpeg"), "video"),
    **dict.fromkeys((".mp3", ".m4a", ".wav", ".ogg"), "audio"),
}


def with_media(item: Item, media: Mapping[str, str]) -> Item:
    """Return the item with its media; `media` maps file names to the URLs of the stored files.

    A rendition that names a file, by any path, gets its new location; a file that no rendition names becomes an
    association.
    """
    if not media:
        return item
    renditions = _relocated(item.renditions, media)
    associations = tuple(replace(a, renditions=_relocated(a.renditions, media)) for a in item.associations)
    used = {r.href for group in (renditions, *(a.renditions for a in associations)) for r in group}
    added = tuple(_association(name, href) for name, href in sorted(media.items()) if href not in used)
    return replace(item, renditions=renditions, associations=associations + added)


def _relocated(renditions: tuple[Rendition, ...], media: Mapping[str, str]) -> tuple[Rendition, ...]:
    return tuple(replace(r, href=media.get(_name(r.href), r.href)) for r in renditions)


def _name(href: str) -> str:
    return href.replace("\\", "/").rpartition("/")[2]


def _association(name: str, href: str) -> Association:
    kind = _TYPES.get(PurePosixPath(name).suffix.lower(), "picture")
    return Association(name=name, type=kind, renditions=(Rendition(name="main", href=href),))

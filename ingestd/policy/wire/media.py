"""Media files that lie beside an item: what they are of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from ingestd.model.item import Association, Item, Rendition

#: By suffix; whatever else lies there is a picture.
_TYPES: Mapping[str, str] = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".webm", ".avi", ".mpg", ".mpeg"), "video"),
    **dict.fromkeys((".mp3", ".m4a", ".wav", ".ogg"), "audio"),
}


def with_media(item: Item, media: Mapping[str, str]) -> Item:
    """Return an item with the files beside it: file name → where the file is from now on.

    A rendition that names a file, by whatever path, is that file; a file that none names is one more association.
    """
    if not media:
        return item
    renditions = _found(item.renditions, media)
    associations = tuple(replace(one, renditions=_found(one.renditions, media)) for one in item.associations)
    used = {one.href for some in (renditions, *(a.renditions for a in associations)) for one in some}
    more = tuple(_association(name, href) for name, href in sorted(media.items()) if href not in used)
    return replace(item, renditions=renditions, associations=associations + more)


def _found(renditions: tuple[Rendition, ...], media: Mapping[str, str]) -> tuple[Rendition, ...]:
    return tuple(replace(one, href=media.get(_name(one.href), one.href)) for one in renditions)


def _name(href: str) -> str:
    return href.replace("\\", "/").rpartition("/")[2]


def _association(name: str, href: str) -> Association:
    kind = _TYPES.get(PurePosixPath(name).suffix.lower(), "picture")
    return Association(name=name, type=kind, renditions=(Rendition(name="main", href=href),))

"""Captions without markup of their own: short lines in an element that holds a picture and hardly anything else."""

import re
from itertools import islice

from lxml import etree

from ingestd.articles.body.walk import PlacedBlock
from ingestd.text import latin_length

#: A caption in an element named after its picture, and one in any other, has no more characters (in Latin letters).
_MAX_NAMED, _MAX_CAPTION = 400, 200
#: A line without a word is a result, a number or a symbol.
_HAS_LETTERS = re.compile(r"[^\W\d_]{2}")
#: Characters of an element around a picture besides the caption: its owner.
_BESIDE = 40
_LEVELS = 3
_AROUND = frozenset("html body main article li td th tr dd blockquote".split())
_PICTURES = ("img", "picture", "amp-img")
_SENTENCE_ENDS = tuple('.!?…。！？:”"»')
#: Names of elements that hold a picture with its caption.
_NAMED = re.compile(
    r"(?:image|img|photo|foto|picture|pic|bild|figure|media|thumb)s?(?:$|[\s_-]|box|block|caption|desc|text|modul|wrap|"
    r"container|credit|legend)|caption|bildunterschrift|legende|pie-?de-?foto",
    re.IGNORECASE,
)
_MAX_NAMES = 300


def is_beside_picture(placed: PlacedBlock) -> bool:
    """Return whether a block is a caption: it stands beside a picture in an element with little other text.

    Where neither is named after a picture, a caption is no sentence.
    """
    block, element = placed.block, placed.element
    length = latin_length(block.text)
    if block.tag != "p" or length > _MAX_NAMED or not _HAS_LETTERS.search(block.text) or _has_picture(element):
        return False
    for holder in islice(element.iterancestors(), _LEVELS):
        if holder.tag in _AROUND or _is_longer(holder, len(block.text) + _BESIDE):
            return False
        if _has_picture(holder):
            named = any(_NAMED.search((one.get("class") or "")[:_MAX_NAMES]) for one in (element, holder))
            return named or (length <= _MAX_CAPTION and not block.text.endswith(_SENTENCE_ENDS))
    return False


def _has_picture(element: etree._Element) -> bool:
    return next(element.iter(*_PICTURES), None) is not None


def _is_longer(element: etree._Element, most: int) -> bool:
    length = 0
    for part in element.itertext():
        length += len(part.strip())
        if length > most:
            return True
    return False

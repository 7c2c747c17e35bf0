"""The content of a revision: the columns that are stored together, compressed, in `revisions.content`.

The text of an article is its markup without tags, so it is not stored a second time.  Rows of older releases hold the
values in the columns themselves until `store.operations.conversions` has packed them; every reader goes through
`content_of`.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from html import unescape
from importlib import resources
from typing import Any

import zstandard
from sqlalchemy import Row

from ingestd.errors import UnreadableContent
from ingestd.store.unreadable import UNREADABLE, UnreadableJson

#: The columns in `content`, and what a packed row has in their place: they must not be null.
PACKED: Mapping[str, Any] = {
    "body_text": "",
    "body_html": "",
    "description_text": None,
    "associations": [],
    "agencies": [],
    "provenance": {},
}

#: The first byte says how the rest is read: a zstd frame, made with the dictionary below, of a JSON object with all
#: values, or of one with the other values, then a line feed, the markup and, if it is not that of the markup, NUL and
#: the text.  The former is made for markup that contains NUL, and was made for all.
_JSON, _MARKUP = b"\x01", b"\x02"

#: Above this level, a text is one per cent smaller in three times the time (0.16 ms for 12 kB).
_LEVEL = 9

#: Most bytes of a content, against a frame that claims more: an item has at most `max_body`, by default 16 MiB.
_MAX_BYTES = 512 * 2**20

#: Read after the words and phrases that many news texts have in common (`common_words.txt`): with both, contents take
#: an eighth less space.  Neither is ever changed, since stored contents need them: other words need another format.
_SHAPE = (
    '{"code":"dpa","name":"Deutsche Presse-Agentur","role":"origin","evidence":[["signature","dpa"]]}'
    '{"code":"Reuters","name":"Reuters","role":"cited","evidence":[["text","told Reuters"],["dateline","(Reuters)"]]}'
    '{"code":"AP","name":"Associated Press","role":"credit","evidence":[["credit","AP Photo"],["copyright","AP"]]}'
    "<table><tr><th></th></tr><tr><td></td></tr></table><h4></h4><pre></pre><figure><figcaption></figcaption></figure>"
    "<h2></h2><h3></h3><ol><li></li></ol><ul><li></li>\\n<li></li></ul><blockquote><p></p></blockquote>"
    "<p><em></em></p><p><strong></strong></p>"
    '"headline":"title","firstcreated":"search","versioncreated":"time","uri":"links","usageterms":"links",'
    '"dateline":"text","byline":"text","authors":"page","source":"page","language":"itemprop","images":"page"'
    '"paywall":"json_ld","usageterms":"meta","authors":"visible","byline":"visible","images":"picture",'
    '"description_text":"json_ld","headline":"page","source":"json_ld","language":"json_ld","uri":"json_ld",'
    '"body_text":"","body_html":"<p>","description_text":null,"associations":[{"href":"https://www.","caption":null,'
    '"credit":null}],"agencies":[],"provenance":{"headline":"meta","description_text":"meta","byline":"json_ld",'
    '"authors":"json_ld","firstcreated":"json_ld","versioncreated":"json_ld","language":"meta","source":"meta",'
    '"uri":"meta","images":"meta"}}</p>\\n<p>'
)


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    words = resources.files("ingestd.store.records").joinpath("common_words.txt").read_bytes()
    dictionary = zstandard.ZstdCompressionDict(words + _SHAPE.encode(), dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    dictionary.precompute_compress(level=_LEVEL)
    return dictionary


def _decompressor() -> zstandard.ZstdDecompressor:
    """Return the decompressor of this thread: it must not be shared, and to create it takes as long as a content."""
    found: zstandard.ZstdDecompressor | None = getattr(_of_thread, "decompressor", None)
    if found is None:
        found = _of_thread.decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary())
    return found


_of_thread = threading.local()


def pack(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns of a revision with those of `PACKED` in `content`."""
    packed = {name: values[name] for name in PACKED}
    text, markup = packed["body_text"], packed["body_html"]
    if "\0" in markup:
        kind, data = _JSON, _as_json(packed)
    else:
        del packed["body_text"], packed["body_html"]
        kind, data = _MARKUP, f"{_as_json(packed)}\n{markup}"
        if text_of(markup) != text:
            data += f"\0{text}"
    # A compressor is cheap to create and must not be shared between threads.
    frame = zstandard.ZstdCompressor(level=_LEVEL, dict_data=_dictionary()).compress(data.encode())
    return {**values, **PACKED, "content": kind + frame}


def _as_json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def text_of(markup: str) -> str:
    """Return the text of an article's markup: its blocks without tags, separated by blank lines.

    Stored texts are made by this: it is never changed.
    """
    text = markup.replace("<p>", "").replace("</p>", "\n\n")
    if "<" in text:
        text = _TAG.sub("", _END_OF_BLOCK.sub("\n\n", text))
    text = text.removesuffix("\n\n")
    return unescape(text) if "&" in text else text


_END_OF_BLOCK = re.compile("</(?:h[2-4]|li|blockquote|pre)>")
_TAG = re.compile("<[^>]*>")


@contextmanager
def unreadable_as_error(row: Row[Any]) -> Iterator[None]:
    """Raise UnreadableContent for what a conversion of a row's values raises; `row` as for `content_of`."""
    try:
        yield
    except UNREADABLE as error:
        raise UnreadableContent(
            f"record {row._mapping['record_id']}, revision {row._mapping['revision']}, cannot be read "
            f"({type(error).__name__}: {error}): restore it from a backup, or extract it again with `ingestd reprocess`"
        ) from error


def content_of(row: Row[Any]) -> Mapping[str, Any]:
    """Return the values of the columns in `PACKED`, of a row with these, `content`, `record_id` and `revision`.

    Raises UnreadableContent.
    """
    mapping = row._mapping
    if (content := mapping["content"]) is None:
        return {name: mapping[name] for name in PACKED}
    try:
        return unpack(bytes(content))
    except (ValueError, KeyError, TypeError, MemoryError, zstandard.ZstdError) as error:
        raise UnreadableContent(
            f"the content of record {mapping['record_id']}, revision {mapping['revision']}, is damaged ({error}): "
            "restore it from a backup, or extract it again with `ingestd reprocess`"
        ) from error


def unpacked(row: Row[Any]) -> dict[str, Any]:
    """Return all columns of a row of `revisions` with the values of `content` in their columns.

    Raises UnreadableContent.
    """
    values = {**row._mapping, **content_of(row)}
    del values["content"]
    with unreadable_as_error(row):
        if wrong := next((value for value in values.values() if isinstance(value, UnreadableJson)), None):
            raise ValueError(wrong)
        list(values["authors"])
    return values


def unpack(content: bytes) -> dict[str, Any]:
    """Return the values in a content, by column; raises ValueError, KeyError or ZstdError."""
    kind, frame = content[:1], content[1:]
    if kind not in (_JSON, _MARKUP):
        raise ValueError(f"format {kind.hex() or 'none'} is not known to this program")
    if zstandard.frame_content_size(frame) > _MAX_BYTES:
        raise ValueError("it claims more bytes than a content can have")
    data = _decompressor().decompress(frame)
    if kind == _JSON:
        found = json.loads(data)
    else:
        values, _, body = data.decode().partition("\n")
        markup, is_apart, text = body.partition("\0")
        found = {**json.loads(values), "body_html": markup, "body_text": text if is_apart else text_of(markup)}
    return {name: found[name] for name in PACKED}

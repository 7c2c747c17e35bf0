"""Markup of a story that data holds as a list of blocks, in the forms of content systems.

Arc: `{"type": "text", "content": "<b>...</b>"}`.  Contentful: `{"nodeType": "paragraph", "content": [{"value": "."}]}`.
Sanity: `{"_type": "block", "children": [{"text": "..."}]}`.  Editor.js: `{"type": "header", "data": {"text": "..."}}`.
"""

import re
from html import escape
from typing import Any

from ingestd.model import plain_text

_KINDS = ("type", "_type", "nodeType", "__typename", "blockType", "kind", "name", "tagName", "tag")
_CONTENTS = tuple(
    "text content html value children data body paragraph paragraphs items nodes model blocks content_elements props "
    "attrs attributes richText json document root fields".split()
)
_DROPPED = re.compile(
    r"image|picture|photo|video|audio|gallery|slideshow|carousel|\bad\b|advert|banner|embed|oembed|related|interstitial|"
    r"link_?list|newsletter|promo|social|tweet|instagram|youtube|quiz|poll|caption|author|byline|widget|iframe|script|"
    r"style|media|teaser|readmore|recirc|subscribe|paywall|divider|spacer|tag_?list|podcast|player|map$",
    re.IGNORECASE,
)
_HEADING = re.compile(r"head(?:er|ing)|subtitle|subhead|crosshead|^h[1-6]$|interti", re.IGNORECASE)
_QUOTE = re.compile(r"quote", re.IGNORECASE)
_ITEM = re.compile(r"list[-_]?item|^li$", re.IGNORECASE)
_LIST = re.compile(r"list|^[uo]l$", re.IGNORECASE)
_INLINE = re.compile(
    r"^(?:text|span|link|a|hyperlink|mark|strong|em|b|i|bold|italic|leaf|\w*text_?(?:node|item|run)|inline\w*)$",
    re.IGNORECASE,
)
#: Names of other fields with the text of a block, such as "htmlText".
_TEXT_FIELD = re.compile(r"(?:html|text|markup|content|paragraph)$|^(?:html|text)", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!]")
_STORY_TITLES = ("headline", "headlines", "title")
_STORY_LINKS = ("url", "href", "link", "canonical_url", "canonicalUrl", "slug", "permalink", "uri", "path")
_MAX_DEPTH = 24


def is_of_stories(value: list[Any]) -> bool:
    """Return whether a list holds stories, each with a title and an address, rather than the blocks of one."""
    stories = [
        one
        for one in value
        if isinstance(one, dict)
        and any(key in one for key in _STORY_TITLES)
        and any(key in one for key in _STORY_LINKS)
    ]
    return 2 * len(stories) >= len(value) > 0


def markup_of(blocks: list[Any]) -> str:
    """Return the markup of a list of blocks, in order; "" if it has no text."""
    return "".join(_block(block, 0) for block in blocks)


def markup_of_text(value: str) -> str:
    """Return a string of markup as it is, and one of plain text as paragraphs."""
    return value if _TAG.search(value) else plain_text.as_markup(plain_text.paragraphs_of(value))


def _block(block: Any, depth: int) -> str:  # noqa: PLR0911 - a case each
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(block, str):
        return (
            block
            if block.lstrip()[:2].lower() in ("<p", "<h", "<u", "<o", "<b", "<d")
            else f"<p>{_inline(block, 0)}</p>"
        )
    if isinstance(block, list):
        return "".join(_block(one, depth + 1) for one in block)
    if not isinstance(block, dict):
        return ""
    kind = _kind_of(block)
    if kind and _DROPPED.search(kind):
        return ""
    contents = _contents(block)
    if kind and (_LIST.search(kind) and not _ITEM.search(kind)):
        items = next((one for one in contents if isinstance(one, list | dict)), [])
        items = items.get("items", []) if isinstance(items, dict) else items
        return "".join(f"<li>{_inline(one, depth)}</li>" for one in items)
    if any(_holds_blocks(one) for one in contents):
        return "".join(_block(one, depth + 1) for one in contents if isinstance(one, list | dict))
    inner = next((text for one in contents if (text := _inline(one, depth)).strip()), "")
    if not inner:
        return ""
    tag = "p"
    if kind:
        tag = (
            "h2"
            if _HEADING.search(kind)
            else "blockquote"
            if _QUOTE.search(kind)
            else "li"
            if _ITEM.search(kind)
            else "p"
        )
    return (
        inner
        if re.match(r"\s*<(?:p|h[1-6]|ul|ol|blockquote|div|table|figure|section)\b", inner)
        else f"<{tag}>{inner}</{tag}>"
    )


def _contents(block: dict[str, Any]) -> list[Any]:
    """Return the values of a block that may be its text, the likeliest first."""
    known = [block[key] for key in _CONTENTS if block.get(key)]
    return known or [one for key, one in block.items() if one and isinstance(one, str) and _TEXT_FIELD.search(key)]


def _kind_of(block: dict[str, Any]) -> str:
    return next((block[key] for key in _KINDS if isinstance(block.get(key), str)), "")


def _holds_blocks(value: Any) -> bool:
    """Return whether a content is blocks rather than parts of a line."""
    value = (
        next((value[key] for key in _CONTENTS if isinstance(value.get(key), list)), None)
        if isinstance(value, dict)
        else value
    )
    kinds = [_kind_of(one) for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    return any(kind and not _INLINE.match(kind) for kind in kinds)


def _inline(value: Any, depth: int) -> str:
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, str):
        return value if _TAG.search(value) or re.search(r"&[#a-zA-Z]\w{1,8};", value) else escape(value, quote=False)
    if isinstance(value, list):
        return "".join(_inline(one, depth + 1) for one in value)
    if isinstance(value, dict):
        kind = _kind_of(value)
        if kind and _DROPPED.search(kind):
            return ""
        return next((text for one in _contents(value) if (text := _inline(one, depth + 1))), "")
    return ""

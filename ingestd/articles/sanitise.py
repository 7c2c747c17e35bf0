"""Markup that can be shown anywhere: nothing in it runs, loads or styles."""

import nh3

_TAGS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "a", "em", "strong"}
_ATTRIBUTES = {"a": {"href"}}
_SCHEMES = {"http", "https"}


def sanitise(html: str) -> str:
    """Return markup with only paragraphs, headings, lists, quotes, emphasis and http(s) links left; text stays."""
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None)

"""Markup that can be shown anywhere: nothing in it runs, loads or styles."""

import re

import nh3

_TAGS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "a", "em", "strong"}
_ATTRIBUTES = {"a": {"href"}}
_SCHEMES = {"http", "https"}
#: With more references in one text nh3 takes time that grows with their square.
_MOST_REFERENCES = 100_000
_ALL_BUT_PLAIN = re.compile(rf"<(?!/?(?:{'|'.join(sorted(_TAGS - {'a'}))})>)[^<>]*>?")


def sanitise(html: str) -> str:
    """Return markup with only paragraphs, headings, lists, quotes, emphasis and http(s) links left; text stays.

    Markup with more than 100,000 references (`&amp;`) loses its links as well, and what is no plain tag.
    """
    if html.count("&") > _MOST_REFERENCES:
        return _ALL_BUT_PLAIN.sub("", html)
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None)

"""Sanitise markup so that it can be shown anywhere: without scripts, loaded resources or styles."""

import re

import nh3

_TAGS = {
    "p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "a", "em", "strong",
    # Without these, texts of wire items that are sent as HTML would run together: "Port" and "Leaves" to "PortLeaves".
    "br", "div", "section", "article", "figure", "figcaption", "h5", "h6", "dl", "dt", "dd", "sub", "sup",
    "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_SCHEMES = {"http", "https"}
#: With more character references in one text, nh3 takes quadratic time.
_MOST_REFERENCES = 100_000
_ALL_BUT_PLAIN = re.compile(rf"<(?!/?(?:{'|'.join(sorted(_TAGS - {'a'}))})>)[^<>]*>?")


def sanitise(html: str) -> str:
    """Return markup reduced to blocks such as paragraphs and tables, emphasis and http(s) links; all text is kept.

    Markup with more than 100,000 character references (`&amp;`) keeps only plain tags, without links.
    """
    if html.count("&") > _MOST_REFERENCES:
        return _ALL_BUT_PLAIN.sub("", html)
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None)

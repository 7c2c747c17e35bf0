"""Elements marked by tag, role, class or id as something other than the story: a menu, a share bar, a caption."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from lxml import etree

#: Strength of a mark.  A teaser below the headline is the dek; a weak mark is ignored on an element with much of
#: the page's prose ("article-with-sidebar"); a strong mark is ignored only if almost nothing else is left.
TEASER: Final = 1
WEAK: Final = 2
STRONG: Final = 3


class MarkedElement(NamedTuple):
    """An element marked as something other than the story."""

    element: etree._Element
    #: TEASER, WEAK or STRONG.
    strength: int


# Words of class names and ids.  On 253 pages with a known body, elements with these words were rarely part of it.
_TEASER_WORDS = frozenset("teaser teasers promo info".split())
_STRONG_WORDS = frozenset(
    "footer comment comments disqus respond cookie cookies consent gdpr newsletter newsletters related "
    "recommended recommendations taboola outbrain "
    # Consent managers
    "usercentrics borlabs cmplz complianz onetrust optanon didomi iubenda cookiebot klaro sourcepoint cookieconsent "
    "dsgvo rgpd twoclick".split()
)
_WEAK_WORDS = frozenset(
    # Menus and page controls
    "nav navigation navbar subnav menu sidebar widget widgets toolbar topbar masthead breadcrumb breadcrumbs pager "
    "pagination prev toc tooltip dropdown dialog modal popup overlay bar button sign skip print tools toggle alert "
    # Sharing and requests to the reader
    "share shares sharing shared social sociable socials follow bookmark bookmarks email message subscribe "
    "subscription subscriptions signup login register donate donation feedback survey poll voting rating ratings "
    "reactions notification privacy disclaimer user profile "
    # Advertising and other stories
    "ad ads adslot adunit advert advertisement advertising sponsor sponsored sponsors banner banners promos promotion "
    "recirc recirculation recommend trending popular more most latest stories feed player embedded jobs "
    # About the story
    "byline bylines author authors authorbox bio caption captions figcaption credit credits copyright meta timestamp "
    "dateline date tags taglist topic topics keywords gallery slideshow carousel infobox factbox "
    "autor autorin autoren auteur autore".split()
)
#: Word → the strength of its mark.
_STRENGTHS = {
    **dict.fromkeys(_TEASER_WORDS, TEASER), **dict.fromkeys(_WEAK_WORDS, WEAK), **dict.fromkeys(_STRONG_WORDS, STRONG),
}  # fmt: skip
_HIDDEN_NAMES = frozenset(
    "hidden hide is-hidden visually-hidden visuallyhidden sr-only screen-reader-text screen-reader-only".split()
)
# Names that describe the state of a page or come from a page builder, not the element's content.
_STATE_NAMES = re.compile(
    r"(?:has|with|no|not|is|js|without|elementor|type|tag|category)[-_]|post[-_]\d|overflow|[^:\[\]]*[:\[\]]"
)
# Word boundaries within a name: hyphens, and camel case whose parts are words and not a hash.
_PARTS = re.compile(r"[-_.]+|(?<=[a-z]{3})(?=[A-Z][a-z]{3})|(?<=[A-Z][a-z]{3})(?=[A-Z])")

_STRONG_TAGS = frozenset(("aside", "figcaption", "dialog"))
_WEAK_TAGS = frozenset(("form", "figure"))
#: Tags that are never marked: those around a whole page or story, headings, cells and inline elements.
_NEVER_MARKED = frozenset("html body article main a em strong b i br h1 h2 h3 h4 h5 h6 td tr".split())
_ROLES = frozenset("dialog alertdialog complementary navigation banner contentinfo search button menu menubar".split())
#: Characters of a class or an id that are read.
_MAX_NAMES = 500
_EMBED_TAGS = frozenset("div section figure aside p".split())
#: The tags of elements that `is_quoted` tells.
QUOTED_TAGS = _EMBED_TAGS | {"blockquote"}
_EMBED = re.compile(
    r"(?:^|[\s_-])(?:tweet|twitter-(?:tweet|embed)|instagram-(?:media|embed)|tiktok-embed|mastodon-(?:embed|post)|"
    r"bluesky-(?:embed|post)|fb-post|facebook-(?:post|embed)|telegram-(?:post|embed)|threads-(?:post|embed)|"
    r"(?:social|oembed|block)-embed|social-post|embed-(?:tweet|twitter|instagram|tiktok|facebook|social)|x-post)(?:$|[\s_-])",
    re.IGNORECASE,
)
#: Each of these names has one of these words, which are searched for first because it is faster.
_EMBED_WORDS = ("tweet", "twitter", "embed", "post", "instagram")
_INVISIBLE = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)


#: What a figure may hold that belongs to the text (HTML Standard, 4.4.12): quotations, tables, listings.
_TEXT_IN_FIGURE = ("blockquote", "table", "pre")


#: Characters beside a quotation: who is quoted, and white space.
_MAX_ATTRIBUTION = 100


def is_quotation(figure: etree._Element) -> bool:
    """Return whether a figure holds a quotation and no picture; its caption then says who is quoted."""
    return next(figure.iter("blockquote"), None) is not None and next(figure.iter("img"), None) is None


def _holds_text(element: etree._Element) -> bool:
    return element.tag == "figure" and next(element.iter(*_TEXT_IN_FIGURE), None) is not None


def _is_set_off_quotation(aside: etree._Element) -> bool:
    """Return whether an aside has a quotation and hardly any other text."""
    quotation = next(aside.iter("blockquote"), None)
    if quotation is None or next(aside.iter("ul", "img", "h2", "h3"), None) is not None:
        return False
    return sum(map(len, aside.itertext())) - sum(map(len, quotation.itertext())) <= _MAX_ATTRIBUTION


def names_quoted(figcaption: etree._Element) -> bool:
    """Return whether the caption of a figure says who is quoted in it."""
    figure = figcaption.getparent()
    # A caption is the first or the last child (HTML Standard, 4.4.12); a page of captions is read in linear time.
    is_outermost = figcaption.getnext() is None or figcaption.getprevious() is None
    return is_outermost and figure is not None and figure.tag == "figure" and is_quotation(figure)


def is_quoted(element: etree._Element) -> bool:
    """Return whether an element is a quotation or an embedded post, whose names and dates are not the article's."""
    return element.tag == "blockquote" or (
        element.tag in _EMBED_TAGS and _is_embed((element.get("class") or "")[:_MAX_NAMES])
    )


@lru_cache(maxsize=4096)
def _is_embed(names: str) -> bool:
    folded = names.lower()
    return any(map(folded.__contains__, _EMBED_WORDS)) and _EMBED.search(folded) is not None


def mark_strength(element: etree._Element) -> int:
    """Return how strongly an element is marked as something other than the story: 0, TEASER, WEAK or STRONG."""
    tag = element.tag
    if tag in _NEVER_MARKED or (tag == "figcaption" and names_quoted(element)):
        return 0
    if tag in _STRONG_TAGS:
        return 0 if tag == "aside" and _is_set_off_quotation(element) else STRONG
    by_tag = WEAK if tag in _WEAK_TAGS and not _holds_text(element) else 0
    named = element.keys()  # faster than `attrib` and `items`, and nearly no element has most of the attributes below
    if not named:
        return by_tag
    if "role" in named and element.get("role") in _ROLES:
        return STRONG
    names = element.get("class", "")[:_MAX_NAMES] if "class" in named else ""
    if "id" in named:
        names = f"{names} {element.get('id', '')[:_MAX_NAMES]}"
    found = (_strength_of_names(names) if names else 0) or by_tag
    if found < WEAK and (
        "hidden" in named
        or ("aria-hidden" in named and element.get("aria-hidden") == "true")
        or ("style" in named and _INVISIBLE.search(element.get("style", "")))
    ):
        return WEAK
    return found


def is_hidden(element: etree._Element) -> bool:
    """Return whether an element is hidden by its own attributes."""
    attributes = element.attrib
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in ("dialog", "alertdialog")
        or _INVISIBLE.search(attributes.get("style", "")) is not None
    )


@lru_cache(maxsize=4096)  # the elements of a page, and the pages of a site, share their names
def _strength_of_names(names: str) -> int:
    all_names = names.split()
    # "hidden md:block" is hidden on narrow screens only.
    if ":" not in names and not _HIDDEN_NAMES.isdisjoint(all_names):
        return STRONG
    return max(map(_strength_of_name, all_names), default=0)


@lru_cache(maxsize=4096)  # sites differ in how they combine names more than in the names
def _strength_of_name(name: str) -> int:
    # A name in small letters, as most are, needs no expression.
    if name.islower():
        parts = name.replace("_", "-").replace(".", "-").split("-")
    else:
        parts = [part.lower() for part in _PARTS.split(name)]
    if _STRENGTHS.keys().isdisjoint(parts):
        return 0
    strength = max(_STRENGTHS.get(part, 0) for part in parts)
    return 0 if strength and _STATE_NAMES.match(name) else strength

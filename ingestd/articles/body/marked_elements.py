"""What elements say of themselves: that they hold a menu, a share bar, a caption, and not the story."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from lxml import etree

#: How far a mark is believed.  A teaser below the headline is the dek; a weak mark does not hold for an element
#: with most of the page's prose ("article-with-sidebar"), a strong one holds unless there is nothing else.
TEASER: Final = 1
WEAK: Final = 2
STRONG: Final = 3


class MarkedElement(NamedTuple):
    """An element that is marked, and how far that is believed."""

    element: etree._Element
    #: TEASER, WEAK or STRONG.
    strength: int


# Words of class names and ids.  Each was counted on 253 pages with a known body: what it marks is rarely the story.
_TEASER_WORDS = frozenset("teaser teasers promo info".split())
_STRONG_WORDS = frozenset(
    "footer comment comments disqus respond cookie cookies consent gdpr newsletter newsletters related "
    "recommended recommendations taboola outbrain".split()
)
_WEAK_WORDS = frozenset(
    # Menus and furniture
    "nav navigation navbar subnav menu sidebar widget widgets toolbar topbar masthead breadcrumb breadcrumbs pager "
    "pagination prev toc tooltip dropdown dialog modal popup overlay bar button sign skip print tools toggle alert "
    # Sharing and asking
    "share shares sharing shared social sociable socials follow bookmark bookmarks email message subscribe "
    "subscription subscriptions signup login register donate donation feedback survey poll voting rating ratings "
    "reactions notification privacy disclaimer user profile "
    # Advertising and other stories
    "ad ads adslot adunit advert advertisement advertising sponsor sponsored sponsors banner banners promos promotion "
    "recirc recirculation recommend trending popular more most latest stories feed player embedded jobs "
    # About the story
    "byline bylines author authors authorbox bio caption captions figcaption credit credits copyright meta timestamp "
    "dateline date tags taglist topic topics keywords gallery slideshow carousel infobox factbox".split()
)
_HIDDEN_NAMES = frozenset(
    "hidden hide is-hidden visually-hidden visuallyhidden sr-only screen-reader-text screen-reader-only".split()
)
# Names that tell the state of a page or come from a kit, not what is in the element.
_STATE = re.compile(
    r"(?:has|with|no|not|is|js|without|elementor|type|tag|category)[-_]|post[-_]\d|overflow|[^:\[\]]*[:\[\]]"
)
# Parts of a name: between hyphens, and in camel case where they are words and no hash.
_PARTS = re.compile(r"[-_.]+|(?<=[a-z]{3})(?=[A-Z][a-z]{3})|(?<=[A-Z][a-z]{3})(?=[A-Z])")

_STRONG_TAGS = frozenset(("aside", "figcaption", "dialog"))
_WEAK_TAGS = frozenset(("form", "figure"))
#: What is never marked: the whole of a page or story, and what is in a line.
_UNMARKED = frozenset("html body article main a em strong b i br h1 h2 h3 h4 h5 h6 td tr".split())
_ROLES = frozenset("dialog alertdialog complementary navigation banner contentinfo search button menu menubar".split())
#: Of a class or an id, in characters.
_MAX_NAMES = 500
_INVISIBLE = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)


def mark_strength(element: etree._Element) -> int:
    """Return how far an element is marked as something other than the story: 0, TEASER, WEAK or STRONG."""
    tag = element.tag
    if tag in _UNMARKED:
        return 0
    if tag in _STRONG_TAGS:
        return STRONG
    by_tag = WEAK if tag in _WEAK_TAGS else 0
    said = dict(element.attrib)
    if not said:
        return by_tag
    if said.get("role") in _ROLES:
        return STRONG
    names = f"{said.get('class', '')[:_MAX_NAMES]} {said.get('id', '')[:_MAX_NAMES]}"
    found = _of_names(names) or by_tag
    if found < WEAK and (
        "hidden" in said or said.get("aria-hidden") == "true" or _INVISIBLE.search(said.get("style", ""))
    ):
        return WEAK
    return found


@lru_cache(maxsize=4096)  # a page says the same of many elements, and a site of many pages
def _of_names(names: str) -> int:
    found = 0
    # "hidden md:block" is hidden on narrow screens only.
    shown_somewhere = ":" in names
    for name in names.split():
        if name in _HIDDEN_NAMES and not shown_somewhere:
            return STRONG
        if _STATE.match(name):
            continue
        for part in map(str.lower, _PARTS.split(name)):
            if part in _STRONG_WORDS:
                return STRONG
            if part in _WEAK_WORDS:
                found = WEAK
            elif part in _TEASER_WORDS:
                found = max(found, TEASER)
    return found

"""Find other stories on a page: articles that infinite scrolling appends, or that stand below or within its own."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from urllib.parse import urlsplit

from lxml import etree

from ingestd import text
from ingestd.articles.body.tree import text_content
from ingestd.articles.witnesses import bylines, page_headings, visible_dates
from ingestd.articles.witnesses.page_headings import PageHeadings
from ingestd.model.markup import block_texts

_LIVE = etree.XPath(
    "boolean(//*[contains(@itemtype, 'LiveBlogPosting')]"
    " | //script[contains(@type, 'ld+json')][contains(., 'LiveBlogPosting')])"
)
_HEADINGS = ("h1", "h2", "h3")
#: Classes that WordPress gives to a post, and to the body of a page with one post.
_POST_TAGS = ("article", "div", "li", "section")
_POST_OF_PAGE = re.compile(r"(?:^|\s)postid-(\d+)(?=\s|$)")
_POST = re.compile(r"(?:^|\s)post-(\d+)(?=\s)")
#: Characters of a class attribute that are read.
_MAX_NAMES = 500
#: Characters of a paragraph of a story, and the paragraphs that a story has.
_PARAGRAPH = 80
_MIN_PARAGRAPHS = 2
#: Candidates that are looked at, and lines between a story's heading and its text.
_MAX_CANDIDATES = 40
_MAX_HEADER = 12
_MAX_SUBHEADINGS = 5
#: What a script needs to show the address of a story that it appended.
_ADDRESSES = ("data-url", "data-href", "data-permalink", "data-post-url", "data-article-url", "data-link", "itemid")
#: Elements besides `article` that scripts put a whole story into have one of these.
_DATA_ADDRESSES = frozenset(_ADDRESSES[:5])
_SIGNED = re.compile(
    r"byline|(?:^|[\s_-])(?:author|autor|auteur|autore|published|datetime|timestamp|datePublished|dateModified)(?:$|[\s_-])",
    re.IGNORECASE,
)


def remove(root: etree._Element, url: str) -> PageHeadings:
    """Remove the other stories from a page's tree; return its titles and headings.

    Another story stands below the first paragraph of the page's own.  It has a heading, two paragraphs, and a byline or
    a date between them; and it has an h1, or an address of its own, or it is the same kind of element as the one around
    the page's own story.  The posts of a live blog are parts of one story.  Posts to which WordPress gives
    other ids than the page's are other stories as well.
    """
    posts = _other_posts(root)
    for post in posts:
        if post.getparent() is not None:
            _drop(post)
    found = page_headings.read(root)
    return page_headings.read(root) if _remove(root, url, found) else found


def _remove(root: etree._Element, url: str, found: PageHeadings) -> bool:
    """Remove other stories; return whether there were any."""
    titles, headings = found.titles, found.headings
    headline = _headline(root, headings, titles)
    if headline is None:
        return False
    articles = chain(root.iter("article"), filter(_has_address, root.iter("section", "div")))
    candidates = [*_below_headings(headline, headings), *_with_addresses(articles, headline, url), *_twins(headline)]
    if not candidates:
        return False
    regions = [_region(candidate, headline) for candidate in candidates[:_MAX_CANDIDATES]]
    stories = [region for region in regions if _is_story(region) and not _repeats(region, headline, titles)]
    if not stories or _LIVE(root):
        return False
    order = {element: at for at, element in enumerate(root.iter())}
    paragraphs = [order[element] for element in root.iter("p") if len(text_content(element)) >= _PARAGRAPH]
    for region in stories:
        if any(order[headline] < at < order.get(region[0], 0) for at in paragraphs):
            for element in region:
                _drop(element)
    return True


def _headline(
    root: etree._Element, headings: Sequence[etree._Element], titles: tuple[str, ...]
) -> etree._Element | None:
    """Return the heading that a title of the page names, or else the first h1."""
    for element in chain(headings, islice(root.iter("h2"), _MAX_SUBHEADINGS)):
        if page_headings.is_titled(page_headings.line_of(element), titles):
            return element
    return headings[0] if headings else None


def _other_posts(root: etree._Element) -> list[etree._Element]:
    """Return the teasers and posts beside the page's own: WordPress names each by its id ("post-12 type-post").

    The page's own id is in the class of its body; its post must be on the page.
    """
    body = next(root.iter("body"), None)
    match = _POST_OF_PAGE.search((body.get("class") or "")[:_MAX_NAMES]) if body is not None else None
    if match is None:
        return []
    posts = [(element, found) for element in root.iter(*_POST_TAGS) if (found := _post_id(element))]
    own = [element for element, found in posts if found == match[1]]
    around = {above for element in own for above in (element, *element.iterancestors())}
    return [element for element, found in posts if own and found != match[1] and element not in around]


def _post_id(element: etree._Element) -> str:
    names = element.get("class") or ""
    match = _POST.search(names[:_MAX_NAMES]) if "type-post" in names else None
    return match[1] if match else ""


def _below_headings(headline: etree._Element, headings: Sequence[etree._Element]) -> Iterator[etree._Element]:
    """Yield for each further h1 the largest element that begins with it."""
    around = set(headline.iterancestors())
    for heading in headings:
        if heading is headline:
            continue
        start = heading
        while (parent := start.getparent()) is not None and parent not in around and parent.tag != "body":
            if any(map(_has_paragraph, start.itersiblings(preceding=True))):
                break
            start = parent
        yield start


def _with_addresses(articles: Iterable[etree._Element], headline: etree._Element, url: str) -> Iterator[etree._Element]:
    """Yield the articles that have an address which is not the page's."""
    around = set(headline.iterancestors())
    path = urlsplit(url).path.rstrip("/")
    for article in islice(articles, _MAX_CANDIDATES):
        if article in around:
            continue
        heading = next(article.iter(*_HEADINGS), None)
        if heading is None:
            continue
        links = [heading.getparent(), *heading.iter("a")]
        claims = [link.get("href") for link in links if link is not None and link.tag == "a"]
        claims += [article.get(name) for name in _ADDRESSES]
        if any(_path(claim) not in ("", path) for claim in claims if claim):
            yield article


def _has_address(element: etree._Element) -> bool:
    return not _DATA_ADDRESSES.isdisjoint(element.keys())


def _path(address: str) -> str:
    try:
        return urlsplit(address).path.rstrip("/")
    except ValueError:
        return ""


def _twins(headline: etree._Element) -> Iterator[etree._Element]:
    """Yield the elements below that have the tag and the classes of one around the headline."""
    for above in headline.iterancestors():
        classes = above.get("class")
        if above.tag in ("body", "html", "li", "tr", "td") or not (classes or above.tag == "article"):
            continue
        for sibling in islice(above.itersiblings(above.tag), _MAX_CANDIDATES):
            if sibling.get("class") == classes and next(sibling.iter(*_HEADINGS), None) is not None:
                yield sibling


def _has_paragraph(element: etree._Element) -> bool:
    return any(len(text_content(one)) >= _PARAGRAPH for one in element.iter("p"))


def _region(start: etree._Element, headline: etree._Element) -> list[etree._Element]:
    """Return the element that holds a story, or its heading with all that stands below it."""
    if _has_paragraph(start):
        return [start]
    below = [element for element in start.itersiblings() if element not in set(headline.iterancestors())]
    return [start, *below]


def _repeats(region: Sequence[etree._Element], headline: etree._Element, titles: tuple[str, ...]) -> bool:
    """Return whether a heading in a region is the page's headline once more, which is above the story then."""
    headings = (heading for element in region for heading in element.iter(*_HEADINGS))
    lines = map(page_headings.line_of, islice(headings, _MAX_CANDIDATES))
    own = text.fold(page_headings.line_of(headline))
    return any(text.fold(line) == own or page_headings.is_titled(line, titles) for line in lines)


def _is_story(region: Sequence[etree._Element]) -> bool:
    """Return whether elements hold two paragraphs, and a byline or a date between their heading and the first one."""
    paragraphs = 0
    is_signed = is_headed = False
    for element in (inner for one in region for inner in one.iter()):
        if element.tag in _HEADINGS and not is_headed:
            is_headed = True
        elif element.tag == "p" and len(text_content(element)) >= _PARAGRAPH:
            paragraphs += 1
            if not is_signed and not _is_signed_above(region):
                return False
            is_signed = True
            if paragraphs >= _MIN_PARAGRAPHS:
                return is_headed
    return False


def _is_signed_above(region: Sequence[etree._Element]) -> bool:
    """Return whether a byline, a date or a time element stands above the first paragraph."""
    for element in (inner for one in region for inner in one.iter()):
        if element.tag == "p" and len(text_content(element)) >= _PARAGRAPH:
            break
        marks = f"{element.get('class') or ''} {element.get('rel') or ''} {element.get('itemprop') or ''}"[:300]
        if element.tag == "time" or _SIGNED.search(marks):
            return True
    lines: list[str] = []
    for one in region:
        lines += block_texts(one)
        if len(lines) > _MAX_HEADER:
            break
    header: list[str] = []
    for line in lines[:_MAX_HEADER]:
        if len(line) >= _PARAGRAPH and header:
            break
        header.append(line)
    return any(bylines.is_byline(line) or visible_dates.is_date_line(line) for line in header)


def _drop(element: etree._Element) -> None:
    """Remove an element, but not the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
        element.tail = None
    parent.remove(element)

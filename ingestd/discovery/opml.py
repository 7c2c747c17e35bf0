"""Read and write OPML 2.0 (opml.org/spec2.opml), the format in which feed readers exchange lists of feeds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import unescape

from lxml import etree

from ingestd import times, urls
from ingestd.errors import ParseError
from ingestd.model.typed_url import with_scheme
from ingestd.model.xml_repair import repaired
from ingestd.text import collapse

#: Feeds per list; the largest known exports have about ten thousand.
MAX_OUTLINES = 100_000
#: Characters of a title or a folder's name.
MAX_TITLE = 500

# Valid Unicode that XML does not allow (XML 1.0, 2.2).
_NOT_XML = re.compile("[\ufffe\uffff]")


#: Types of an outline that is a feed.
_FEED_TYPES = frozenset(("rss", "atom", "feed", "rdf", "json"))
#: Other names that programs give to `xmlUrl`.
_OTHER_NAMES = ("url", "feedurl", "xml_url", "xml-url", "feed", "rss")
_XML_URL = re.compile(
    rb"\bxmlurl\s*=\s*(?:\"([^\"<>]{1,8000})\"|'([^'<>]{1,8000})'|([^\s\"'<>]{1,8000}))", re.IGNORECASE
)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_TITLES = re.compile(r"\b(title|text)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
#: Characters of an outline before its address.
_MAX_TAG = 8_000
#: An ampersand that was escaped twice.
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A feed in an OPML list."""

    #: Absolute.
    url: str
    title: str | None = None
    #: The web page that the feed belongs to.
    home: str | None = None
    #: Its folders, the outermost first.
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlList:
    """What an OPML document lists; a feed in two folders comes twice."""

    #: In the order of the document.
    outlines: tuple[Outline, ...]
    #: Outlines that look like feeds and have no address that can be read: title and address, as written.
    left_out: tuple[str, ...] = ()
    #: What was repaired to read the document.
    warnings: tuple[str, ...] = ()


def read_opml(body: bytes) -> OpmlList:
    """Return the feeds of a list, at most MAX_OUTLINES, and what is left out.

    Attribute names may be in any case and prefixes undeclared; a list that is not well-formed is read as far as
    possible.  "feed://paper.example/rss" is that http(s) address, as feed readers write it, and so is an address
    without a scheme.  An outline without an address is the folder of the outlines in it.

    Raises ParseError when the body is not OPML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    body, warnings = repaired(body.strip())
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"not XML: {collapse(str(error))[:500]}") from error
    if root is None or _name(root) != "opml":
        raise ParseError("not an OPML document")
    left_out: list[str] = []
    found = tuple(_outlines(root, left_out))
    damage = [
        error for error in parser.error_log if error.level >= etree.ErrorLevels.ERROR and "xmlns" not in error.message
    ]
    if damage:
        warnings += (f"not well-formed: line {damage[0].line}: {collapse(damage[0].message)[:200]}",)
        found += tuple(_lost_outlines(body, found, left_out))
    left_out += (f"{outline.title or outline.url}: more than {MAX_OUTLINES} feeds" for outline in found[MAX_OUTLINES:])
    return OpmlList(outlines=found[:MAX_OUTLINES], left_out=tuple(left_out), warnings=warnings)


def _outlines(root: etree._Element, left_out: list[str]) -> Iterator[Outline]:
    """Yield the feeds, and add to `left_out`; iterative, because folders may nest without limit."""
    path: list[str | None] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if _name(element) != "outline":
            continue
        if event == "end":
            path.pop()
            continue
        values = _attributes(element)
        written = _address(values)
        url = _feed_url(written)
        title = _line(values.get("title")) or _line(values.get("text"))
        if url:
            home = urls.resolve(url, values.get("htmlurl"))
            yield Outline(url=url, title=title, home=home, categories=tuple(folder for folder in path if folder))
        elif written:
            left_out.append(f"{title}: {urls.without_userinfo(written[:200])}" if title else written[:200])
        elif _is_feed_type(values) and not len(element):
            left_out.append(_without_address(title))
        path.append(None if url else title)


def _address(values: Mapping[str, str]) -> str:
    """Return the address of an outline as written; empty if it is a folder."""
    # `url` is also that of a link or an included list (OPML 2.0, "What is inclusion"), which has a type that says so.
    is_feed = (values.get("type") or "rss").strip().lower() not in ("link", "include")
    names = ("xmlurl", *(_OTHER_NAMES if is_feed else ()), *(("href",) if _is_feed_type(values) else ()))
    return next((written for name in names if (written := values.get(name, "").strip())), "")


def _is_feed_type(values: Mapping[str, str]) -> bool:
    return (values.get("type") or "").strip().lower() in _FEED_TYPES


def _lost_outlines(body: bytes, found: Iterable[Outline], left_out: list[str]) -> Iterator[Outline]:
    """Yield the feeds that the parser has lost in a damaged list, such as one with a quote within a title.

    What `left_out` says of their outlines is removed from it.
    """
    known = {outline.url for outline in found}
    body = _without_comments(body)
    for match in _XML_URL.finditer(body):
        written = unescape(next(filter(None, match.groups()), b"").decode("utf-8", "replace")).strip()
        url = _feed_url(written)
        if url and url not in known:
            known.add(url)
            begin = max(match.start() - _MAX_TAG, 0)
            tag = body[max(body.rfind(b"<", begin, match.start()), begin) : match.start()]
            if (line := _without_address(_title_in(tag))) in left_out:
                left_out.remove(line)
            yield Outline(url=url)
        elif written and not url and not any(written[:200] in line for line in left_out):
            left_out.append(urls.without_userinfo(written[:200]))


def _without_comments(body: bytes) -> bytes:
    end = body.rfind(b"-->") + 3  # behind it a comment has no end, and a search for one takes quadratic time
    return _COMMENT.sub(b" ", body[:end]) + body[end:]


def _title_in(tag: bytes) -> str | None:
    """Return the title of an outline, or as much of it as the parser has read."""
    found = {match[1].lower(): match[2] or match[3] for match in _TITLES.finditer(tag.decode("utf-8", "replace"))}
    return _line(unescape(found.get("title") or "")) or _line(unescape(found.get("text") or ""))


def _without_address(title: str | None) -> str:
    return f"{title or 'an outline'}: it has no address"


def _feed_url(written: str) -> str | None:
    """Return the http(s) URL that an address means, or None."""
    return urls.resolve("", with_scheme(_ESCAPED_AMPERSAND.sub("&", written)))


def write_opml(outlines: Iterable[Outline], *, title: str, created: datetime) -> bytes:
    """Return a list of feeds as OPML 2.0 in UTF-8; a folder is placed where its first feed is.

    `created` is the time of the list, in any zone.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = _line(title)
    etree.SubElement(head, "dateCreated").text = format_datetime(times.utc(created), usegmt=True)
    folders: dict[tuple[str, ...], etree._Element] = {(): etree.SubElement(root, "body")}
    for outline in outlines:
        values = {"type": "rss", "text": outline.title or outline.url, "title": outline.title, "xmlUrl": outline.url,
                  "htmlUrl": outline.home}  # fmt: skip
        known = {name: line for name, value in values.items() if (line := _line(value, limit=None))}
        etree.SubElement(_folder(folders, outline.categories), "outline", known)
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return written


def _folder(folders: dict[tuple[str, ...], etree._Element], path: tuple[str, ...]) -> etree._Element:
    for depth in range(1, len(path) + 1):
        here = path[:depth]
        if here not in folders:
            folders[here] = etree.SubElement(folders[here[:-1]], "outline", text=_line(here[-1]) or "")
    return folders[path]


def _line(text: str | None, limit: int | None = MAX_TITLE) -> str | None:
    return _NOT_XML.sub("", collapse(text))[:limit] or None


def _attributes(element: etree._Element) -> dict[str, str]:
    try:
        return {name.lower(): value for name, value in element.attrib.items()}
    except UnicodeDecodeError:  # in recovery, libxml2 accepts invalid UTF-8 that lxml cannot decode
        return {}


def _name(element: etree._Element) -> str:
    try:
        tag = element.tag
    except UnicodeDecodeError:
        return ""
    return re.split("[}:]", tag)[-1].lower() if isinstance(tag, str) else ""

"""Write items as NewsML-G2 news items (IPTC, NewsML-G2 2.34, power conformance); the body is NITF 3.6.

Section numbers are those of the NewsML-G2 Specification.
"""

import re
from collections.abc import Iterator
from itertools import chain

from lxml import etree

from ingestd.model.item import Item
from ingestd.renderers.identifiers import uri_of
from ingestd.renderers.newsml_g2.metadata import add_content_meta, add_item_meta, add_rights, scheme_uri
from ingestd.renderers.newsml_g2.names import NAMESPACE, N
from ingestd.renderers.nitf.writer import body_content
from ingestd.renderers.xml_writer import Element, add, document, legal

_CATALOG = "http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_41.xml"
#: What the schemes in IPTC's catalogue begin with.
_IPTC = "http://cv.iptc.org/newscodes/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


def render(item: Item) -> bytes:
    """Return an item as a news item in UTF-8, on one line; notes that are not public are left out.

    A guid must be a URI and a version a positive number (5.1): a guid that is no URI becomes a URN, another version is
    left out.
    """
    root = etree.Element(f"{N}newsItem", nsmap={None: NAMESPACE})
    root.set("guid", legal(uri_of(item.guid)))
    if item.version and _VERSION.fullmatch(item.version):
        root.set("version", item.version)
    root.set("standard", "NewsML-G2")
    root.set("standardversion", "2.34")
    root.set("conformance", "power")
    if item.language:
        root.set(_LANG, legal(item.language))
    add(root, f"{N}catalogRef", href=_CATALOG)
    _add_catalog(root, item)
    add_rights(root, item)
    add_item_meta(root, item)
    add_content_meta(root, item)
    if item.body_text or item.body_html or item.renditions or item.associations:
        _add_content(root, item)
    return document(root)


def _add_catalog(root: Element, item: Item) -> None:
    """Append a catalogue of the schemes that are not in IPTC's, so that their codes can be resolved (6.4)."""
    schemes = dict(_schemes(item))
    if schemes:
        catalog = add(root, f"{N}catalog")
        for alias, uri in schemes.items():
            add(catalog, f"{N}scheme", alias=alias, uri=uri)


def _schemes(item: Item) -> Iterator[tuple[str, str]]:
    lists = (item.subject, item.genre, item.place, item.person, item.organisation, item.event)
    for one in chain(*lists, (item.provider,) if item.provider else ()):
        uri = scheme_uri(one)
        if one.scheme and uri and ":" not in one.scheme and not uri.startswith(_IPTC):
            yield one.scheme, uri


def _add_content(root: Element, item: Item) -> None:
    content = add(root, f"{N}contentSet")
    if item.body_text or item.body_html or item.associations:
        body_content(add(content, f"{N}inlineXML", contenttype="application/nitf+xml"), item)
    for one in item.renditions:
        add(
            content,
            f"{N}remoteContent",
            href=one.href,
            rendition=one.name,
            contenttype=one.contenttype,
            width=one.width,
            height=one.height,
            size=one.sizeinbytes,
            duration=None if one.duration is None else round(one.duration),
        )

"""Reader of NITF 2.5 to 3.6 (IPTC, News Industry Text Format: nitf-3-6.dtd)."""

from collections.abc import Iterable

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.document import Document
from ingestd.formats.common.fields import language_of, line_of, number_of
from ingestd.formats.common.format import Format
from ingestd.formats.common.item_body import body_of_elements
from ingestd.formats.common.item_draft import ItemDraft, byline_of
from ingestd.formats.common.lenient_xml import Element, attributes, line_in, name_of, text_in
from ingestd.formats.common.wire_feed import feed_of, read_entries
from ingestd.formats.nitf.head import read_head
from ingestd.model.feed import Feed
from ingestd.model.item import Association, Author, Headline, Rendition


def recognises(document: Document) -> bool:
    """Return whether the root is `nitf`."""
    return document.root == "nitf"


def parse(document: Document, _url: str, _content_type: str | None = None) -> Feed:
    """Parse a NITF document into a feed of one item.

    Raises ParseError when the document is damaged and nothing can be recovered.
    """
    root, warnings = xml.root_element(document.body, "NITF document")
    entries, read_warnings = read_entries("nitf", [root], read_nitf)
    return feed_of("nitf", entries, warnings + read_warnings)


def read_nitf(draft: ItemDraft, root: Element) -> None:
    """Read a `nitf` element into a draft; fields already set by the enclosing message stay."""
    draft.fill("type", "text")
    draft.fill("language", language_of(attributes(root).get("baselang") or attributes(root).get("lang")))
    for child in root:
        name = name_of(child)
        if name == "head":
            read_head(draft, child)
        elif name == "body":
            _read_body(draft, child)
        elif name in ("body.head", "body.content"):
            _read_body(draft, [child])


def _read_body(draft: ItemDraft, children: Iterable[Element]) -> None:
    content: list[Element] = []
    for child in children:
        name = name_of(child)
        if name == "body.head":
            _read_body_head(draft, child)
        elif name == "body.content":
            content.append(child)
        elif name not in ("body.end", ""):
            content.append(child)  # paragraphs directly in the body
    draft.fill_body(*body_of_elements(content))
    for child in content:
        for media in child.iter("{*}media", "{*}MEDIA"):
            _read_media(draft, media)


def _read_body_head(draft: ItemDraft, head: Element) -> None:
    for child in head:
        name = name_of(child)
        if name in ("hedline", "headline"):
            _read_headline(draft, child)
        elif name == "byline":
            _read_byline(draft, child)
        elif name == "distributor":
            draft.fill("provider", concept_of(None, name=line_in(child)))
        elif name in _LINES:
            draft.fill(_LINES[name], line_in(child))
            if (location := xml.child(child, "location")) is not None:
                draft.fill("located", line_in(location))
        elif name == "note":
            draft.add_note(text_in(child), role=attributes(child).get("noteclass"))
    if regsrc := draft.extra.get("regsrc"):
        draft.fill("provider", concept_of(None, name=regsrc))


_LINES = {
    "dateline": "dateline",
    "abstract": "description_text",
    "rights": "copyrightnotice",
    "copyrite": "copyrightnotice",
}


def _read_headline(draft: ItemDraft, hedline: Element) -> None:
    lines = [child for child in hedline if name_of(child) in ("hl1", "hl2")] or [hedline]
    for child in lines:
        if text := line_in(child):
            draft.fill("headline", text)
            draft.add("headlines", Headline(text=text, role=name_of(child)))


def _read_byline(draft: ItemDraft, byline: Element) -> None:
    """Read a byline; its `byttl`, the writer's title, is left out of it and becomes the author's role."""
    title = xml.child(byline, "byttl")
    role = line_in(title) if title is not None else None
    if title is not None:
        texts = [byline.text or "", *(f" {text_in(one)} {one.tail or ''}" for one in byline if one is not title)]
        text = byline_of("".join(texts))
    else:
        text = byline_of(line_in(byline))
    draft.fill("byline", text)
    people = [line_in(one) for one in byline if name_of(one) == "person"]
    for name in people or [text]:
        if name:
            draft.add("authors", Author(name=name, role=role))


def _read_media(draft: ItemDraft, media: Element) -> None:
    """Read a `media` element as an association with its references, caption and producer."""
    renditions: list[Rendition] = []
    caption = producer = None
    for child in media:
        name, given = name_of(child), attributes(child)
        href = line_of(given.get("source") or given.get("data-location"))
        if name == "media-reference" and href:
            renditions.append(
                Rendition(
                    href=href,
                    name=line_of(given.get("name")),
                    contenttype=line_of(given.get("mime-type")),
                    width=number_of(given.get("width")),
                    height=number_of(given.get("height")),
                )
            )
        elif name == "media-caption":
            caption = caption or line_in(child)
        elif name == "media-producer":
            producer = producer or line_in(child)
    if renditions or caption:
        kind = attributes(media).get("media-type")
        draft.add(
            "associations",
            Association(
                type="picture" if kind in ("image", "photo") else line_of(kind),
                caption=caption,
                byline=producer,
                renditions=tuple(renditions),
            ),
        )


FORMAT = Format("nitf", recognises, parse)

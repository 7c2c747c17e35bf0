"""The components of a NewsML 1 item: their texts and media, each in its role."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.fields import MAX_NAMES, language_of, line_of, number_of
from ingestd.formats.common.item_body import body_of_elements, body_of_text
from ingestd.formats.common.item_draft import ItemDraft
from ingestd.formats.common.lenient_xml import Element, attributes, name_of, raw_text, text_in
from ingestd.formats.newsml_1.metadata import read_metadata
from ingestd.formats.nitf.reader import read_nitf
from ingestd.model.item import Association, Rendition

#: Roles of text (5.3.2, Role; a vocabulary of the provider's): the story, what stands for it where there is none,
#: and what is never it.
_STORY = frozenset(("", "main", "body", "lead", "text", "story", "article", "content", "maintext", "bodytext"))
_INSTEAD = ("caption", "abstract", "summary", "teaser", "title", "headline")
_NEVER = frozenset(("stylesheet", "contact", "tweettext", "sound", "thumbnail", "subheadline"))
#: What NITF in a component may add to the item; its identity and its dates are those of the message.
_FROM_NITF = ("description_text", "byline", "dateline", "located", "copyrightholder")


@dataclass(slots=True)
class _Text:
    role: str
    html: str | None
    text: str


@dataclass(slots=True)
class _Media:
    """A component with media in it, as it is being read."""

    lines: dict[str, str]
    name: str | None = None
    type: str | None = None
    caption: str | None = None
    renditions: list[Rendition] = field(default_factory=list)


@dataclass(slots=True)
class _Content:
    texts: list[_Text] = field(default_factory=list)
    media: dict[Element, _Media] = field(default_factory=dict)


def read_components(draft: ItemDraft, item: Element) -> None:
    """Read all components of an item into a draft: metadata, the body, and media as associations."""
    content = _Content()
    for component in item:
        if name_of(component) == "newscomponent":
            _read(draft, component, None, "", content)
    story = _story(content.texts)
    if story:
        html = [part.html for part in story if part.html]
        draft.fill_body("".join(html) or None, "\n\n".join(part.text for part in story))
    _put_media(draft, content, captions_only=bool(story) and story[0].role == "caption")


def _read(draft: ItemDraft, component: Element, owner: Element | None, around: str, content: _Content) -> None:
    """Read a component and those in it; `owner` is the one whose lines describe its media."""
    given = attributes(component)
    draft.fill("language_around", language_of(given.get("lang")))
    named = xml.child(component, "role")
    role = (attributes(named).get("formalname") or text_in(named)).lower() if named is not None else around
    if owner is None or xml.child(component, "newslines") is not None:
        owner = component
    told = False
    for part in component:
        name = name_of(part)
        if name == "newscomponent":
            before = len(content.texts)
            if not (told and given.get("equivalentslist", "").lower() == "yes"):
                _read(draft, part, owner, role if role in _STORY else "", content)
            told |= len(content.texts) > before
        elif name == "contentitem":
            _read_content(draft, part, owner, role, content)
        elif name not in ("newsitem", "role"):
            read_metadata(draft, name, part)


def _read_content(draft: ItemDraft, item: Element, owner: Element, role: str, content: _Content) -> None:
    href = line_of(attributes(item).get("href"))
    data = next((part for part in item if name_of(part) in ("datacontent", "encoding")), None)
    if href:
        media = _media_of(content, owner)
        media.type = media.type or _kind(item)
        media.renditions.append(_rendition(item, href, role))
    elif data is not None and role not in _NEVER:
        html, text = _data(draft, data, role)
        if text:
            content.texts.append(_Text(role, html, text))
            if role == "caption":
                media = _media_of(content, owner)
                media.caption = media.caption or line_of(text)


def _media_of(content: _Content, owner: Element) -> _Media:
    if owner not in content.media:
        content.media[owner] = _Media(lines=_lines(owner), name=attributes(owner).get("duid"))
    return content.media[owner]


def _data(draft: ItemDraft, data: Element, role: str) -> tuple[str | None, str | None]:
    nitf = next((one for one in data if name_of(one) == "nitf"), None)
    if nitf is not None:
        inner = ItemDraft()
        read_nitf(inner, nitf)
        if role in _STORY:
            for name in _FROM_NITF:
                draft.fill(name, inner.values.get(name))
            for association in inner.lists["associations"]:
                draft.add("associations", association)
        return inner.values.get("body_html"), inner.values.get("body_text")
    return body_of_elements([data]) if len(data) else body_of_text(raw_text(data))


def _kind(item: Element) -> str | None:
    """Return the type of a content item by its MediaType, else its MimeType or Format."""
    said = {name_of(part): attributes(part).get("formalname", "").lower() for part in item}
    words = " ".join(filter(None, (said.get(name) for name in ("mediatype", "mimetype", "format"))))
    return next((kind for kind, signs in _SIGNS.items() if any(sign in words for sign in signs)), None)


_SIGNS = {
    "picture": ("photo", "image", "picture", "jpeg", "jpg", "png"),
    "graphic": ("graphic",),
    "video": ("video", "mpeg4", "mp4", "clip"),
    "audio": ("audio", "mp3", "mpeg3", "sound"),
}


def _rendition(item: Element, href: str, role: str) -> Rendition:
    values: dict[str, str] = {}
    for one in xml.descendants(item, "property", "sizeinbytes", "mimetype", "format"):
        given = attributes(one)
        name = given.get("formalname", "").lower() if name_of(one) == "property" else name_of(one)
        values.setdefault(name, (given.get("value") or text_in(one) or given.get("formalname") or "").strip())
    return Rendition(
        href=href,
        name=line_of(role) or None,
        contenttype=line_of(values.get("mimetype") or (values["format"] if "/" in values.get("format", "") else None)),
        width=number_of(values.get("width")),
        height=number_of(values.get("height")),
        sizeinbytes=number_of(values.get("sizeinbytes")),
    )


def _lines(component: Element) -> dict[str, str]:
    lines = xml.child(component, "newslines")
    return {name_of(line): text_in(line) for line in lines} if lines is not None else {}


def _story(texts: Iterable[_Text]) -> list[_Text]:
    """Return the texts that are the story: those whose role says so, or else the next best."""
    texts = list(texts)
    for roles in (_STORY, *([role] for role in _INSTEAD)):
        if found := [part for part in texts if part.role in roles]:
            # A title is one; captions are those of the pictures, of which the first is the item's.
            return found if roles is _STORY else found[:1]
    return texts


def _put_media(draft: ItemDraft, content: _Content, *, captions_only: bool) -> None:
    """Add what media there are; an item that is nothing but its caption and one medium is that medium."""
    kinds = {media.type for media in content.media.values()}
    draft.fill("type", next(iter(kinds)) if captions_only and len(kinds) == 1 and None not in kinds else "text")
    for media in content.media.values():
        if media.renditions:
            draft.add(
                "associations",
                Association(
                    name=line_of(media.name),
                    type=media.type,
                    headline=line_of(media.lines.get("headline")),
                    caption=media.caption,
                    byline=line_of(media.lines.get("byline")),
                    creditline=line_of(media.lines.get("creditline")),
                    renditions=tuple(media.renditions[:MAX_NAMES]),
                ),
            )
    around = draft.values.pop("language_around", None)
    draft.fill("language", around)

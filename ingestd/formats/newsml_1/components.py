"""Components of a NewsML 1 item: texts and media, each with a role."""

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

#: Roles of texts (5.3.2, Role; each provider has its own vocabulary): those of the story; those used in its absence, in
#: order of preference; and those never used.
_STORY_ROLES = frozenset(("", "main", "body", "lead", "text", "story", "article", "content", "maintext", "bodytext"))
_FALLBACK_ROLES = ("caption", "abstract", "summary", "teaser", "title", "headline")
_IGNORED_ROLES = frozenset(("stylesheet", "contact", "tweettext", "sound", "thumbnail", "subheadline"))
#: Fields that NITF in a component may fill; guid and times come from the message.
_FROM_NITF = ("description_text", "byline", "dateline", "located", "copyrightholder")


@dataclass(slots=True)
class _Text:
    role: str
    html: str | None
    text: str


@dataclass(slots=True)
class _Media:
    """A component with media, under construction."""

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
    """Read the components of an item into a draft: metadata, the body, and media as associations."""
    content = _Content()
    for component in item:
        if name_of(component) == "newscomponent":
            _read_component(draft, component, None, "", content)
    story = _story_texts(content.texts)
    if story:
        html = [text.html for text in story if text.html]
        draft.fill_body("".join(html) or None, "\n\n".join(text.text for text in story))
    _add_media(draft, content, captions_only=bool(story) and story[0].role == "caption")


def _read_component(
    draft: ItemDraft, component: Element, owner: Element | None, parent_role: str, content: _Content
) -> None:
    """Read a component and its subcomponents into `draft` and `content`.

    `owner` is the nearest component with news lines, which describe the media; None at the top.
    `parent_role` applies if the component has no role of its own.
    Of the subcomponents of an EquivalentsList only the first with text is read.
    """
    given = attributes(component)
    draft.fill("component_language", language_of(given.get("lang")))
    role_element = xml.child(component, "role")
    role = parent_role
    if role_element is not None:
        role = (attributes(role_element).get("formalname") or text_in(role_element)).lower()
    if owner is None or xml.child(component, "newslines") is not None:
        owner = component
    has_text = False
    for child in component:
        name = name_of(child)
        if name == "newscomponent":
            before = len(content.texts)
            if not (has_text and given.get("equivalentslist", "").lower() == "yes"):
                _read_component(draft, child, owner, role if role in _STORY_ROLES else "", content)
            has_text |= len(content.texts) > before
        elif name == "contentitem":
            _read_content_item(draft, child, owner, role, content)
        elif name not in ("newsitem", "role"):
            read_metadata(draft, name, child)


def _read_content_item(draft: ItemDraft, item: Element, owner: Element, role: str, content: _Content) -> None:
    href = line_of(attributes(item).get("href"))
    data = next((child for child in item if name_of(child) in ("datacontent", "encoding")), None)
    if href:
        media = _media_of(content, owner)
        media.type = media.type or _media_type(item)
        media.renditions.append(_rendition(item, href, role))
    elif data is not None and role not in _IGNORED_ROLES:
        html, text = _body_of_data(draft, data, role)
        if text:
            content.texts.append(_Text(role, html, text))
            if role == "caption":
                media = _media_of(content, owner)
                media.caption = media.caption or line_of(text)


def _media_of(content: _Content, owner: Element) -> _Media:
    if owner not in content.media:
        content.media[owner] = _Media(lines=_news_lines(owner), name=attributes(owner).get("duid"))
    return content.media[owner]


def _body_of_data(draft: ItemDraft, data: Element, role: str) -> tuple[str | None, str | None]:
    """Return the HTML and text of a content item; NITF in it also fills fields of the draft."""
    nitf = next((one for one in data if name_of(one) == "nitf"), None)
    if nitf is not None:
        inner = ItemDraft()
        read_nitf(inner, nitf)
        if role in _STORY_ROLES:
            for name in _FROM_NITF:
                draft.fill(name, inner.values.get(name))
            for association in inner.lists["associations"]:
                draft.add("associations", association)
        return inner.values.get("body_html"), inner.values.get("body_text")
    return body_of_elements([data]) if len(data) else body_of_text(raw_text(data))


def _media_type(item: Element) -> str | None:
    """Return the type of a content item, from its MediaType, MimeType and Format; None when unknown."""
    names = {name_of(child): attributes(child).get("formalname", "").lower() for child in item}
    words = " ".join(filter(None, (names.get(name) for name in ("mediatype", "mimetype", "format"))))
    return next((kind for kind, keywords in _MEDIA_KEYWORDS.items() if any(one in words for one in keywords)), None)


#: Type → substrings that identify it.
_MEDIA_KEYWORDS = {
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


def _news_lines(component: Element) -> dict[str, str]:
    lines = xml.child(component, "newslines")
    return {name_of(line): text_in(line) for line in lines} if lines is not None else {}


def _story_texts(texts: Iterable[_Text]) -> list[_Text]:
    """Return the texts with a story role, else the first with the best fallback role, else all."""
    texts = list(texts)
    for roles in (_STORY_ROLES, *([role] for role in _FALLBACK_ROLES)):
        if found := [text for text in texts if text.role in roles]:
            # Of several captions only the first: the others belong to further pictures.
            return found if roles is _STORY_ROLES else found[:1]
    return texts


def _add_media(draft: ItemDraft, content: _Content, *, captions_only: bool) -> None:
    """Add the media as associations and fill the type: an item with only captions and media of one type has that type.

    Any other item is text.
    """
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
    draft.fill("language", draft.values.pop("component_language", None))

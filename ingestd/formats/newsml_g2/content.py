"""Content of NewsML-G2 items: inline text, media by reference, and the groups of packages."""

from collections.abc import Mapping

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.fields import line_of, number_of
from ingestd.formats.common.item_body import body_of_elements, body_of_text
from ingestd.formats.common.item_draft import ItemDraft
from ingestd.formats.common.lenient_xml import Element, attributes, name_of, raw_text, text_in
from ingestd.formats.common.publication_status import code_of
from ingestd.formats.nitf.reader import read_nitf
from ingestd.model.item import Association, Rendition


def read_content(draft: ItemDraft, content: Element, _aliases: Mapping[str, str]) -> None:
    """Read a contentSet (9.1): the first inline content with text is the body, remote contents are renditions."""
    for child in content:
        name = name_of(child)
        if name == "inlinexml":
            _read_inline(draft, child)
        elif name == "inlinedata":
            if "body_text" not in draft.values:
                draft.fill_body(*body_of_text(raw_text(child)))
        elif name == "remotecontent":
            _read_remote(draft, child)


def _read_inline(draft: ItemDraft, inline: Element) -> None:
    if "body_text" in draft.values:
        return
    nitf = xml.child(inline, "nitf")
    if nitf is not None:
        read_nitf(draft, nitf)
    else:
        draft.fill_body(*body_of_elements([inline]))


def _read_remote(draft: ItemDraft, remote: Element) -> None:
    given = attributes(remote)
    href = line_of(given.get("href") or given.get("residref"))
    if href:
        duration = given.get("duration", "")
        draft.add(
            "renditions",
            Rendition(
                href=href,
                name=line_of(code_of(given.get("rendition"))) if given.get("rendition") else None,
                contenttype=line_of(given.get("contenttype")),
                width=number_of(given.get("width")),
                height=number_of(given.get("height")),
                sizeinbytes=number_of(given.get("size")),
                duration=float(duration) if duration.isascii() and duration.isdigit() and len(duration) < 9 else None,
            ),
        )


def read_groups(draft: ItemDraft, groups: Element, _aliases: Mapping[str, str]) -> None:
    """Read a package's groupSet (9.2): each itemRef becomes an association whose `rel` is the role of its group."""
    for group in groups:
        role = line_of(attributes(group).get("role"))
        for reference in group:
            if name_of(reference) == "itemref":
                draft.add("associations", _association(reference, role))


def _association(reference: Element, role: str | None) -> Association | None:
    given = attributes(reference)
    guid = line_of(given.get("residref") or given.get("guidref") or given.get("href"))
    hints: dict[str, str] = {}
    for child in reference:
        name = name_of(child)
        hints.setdefault(name, code_of(attributes(child).get("qcode")) if name == "itemclass" else text_in(child))
    if not guid:
        return None
    return Association(
        guid=guid,
        version=line_of(given.get("version")),
        type=line_of(hints.get("itemclass")),
        rel=role,
        headline=line_of(hints.get("headline") or hints.get("title")),
        caption=line_of(hints.get("description")),
    )

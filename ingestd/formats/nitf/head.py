"""Head of a NITF document: title, subjects, `docdata` and `pubdata`."""

from collections.abc import Mapping
from datetime import timedelta

from ingestd.dates.stated_time import StatedTime
from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.fields import line_of, number_of
from ingestd.formats.common.item_draft import ItemDraft
from ingestd.formats.common.lenient_xml import Element, attributes, line_in, name_of, text_in
from ingestd.model.item import AltId, Series

#: Names of `meta` elements with a slug line, for which the DTD has no element.
_SLUGLINE_NAMES = frozenset(("anpa-keyword", "slugline", "slug"))
#: A release so soon after the issue is the time of a pipeline and has its zone: nobody set a limit.
_SAME_HOUR = timedelta(hours=1)


def read_head(draft: ItemDraft, head: Element) -> None:
    """Read a `head` into a draft; fields that are already set stay."""
    for child in head:
        name = name_of(child)
        if name == "docdata":
            _read_docdata(draft, child)
        elif name == "title":
            draft.fill("title", line_in(child))
        elif name == "tobject":
            _read_tobject(draft, child)
        elif name == "pubdata":
            draft.fill_time("published", attributes(child).get("date.publication"))
        elif name == "meta":
            _read_meta(draft, attributes(child))
    _fill_derived_times(draft)


def _read_meta(draft: ItemDraft, given: Mapping[str, str]) -> None:
    name, content = given.get("name", "").lower(), given.get("content", "")
    if name in _SLUGLINE_NAMES:
        draft.fill_line("slugline", content)
    else:
        draft.add_extra(name, content)


def _read_tobject(draft: ItemDraft, tobject: Element) -> None:
    """Read genres and subjects; `tobject.subject.refnum` is a Subject Code (3.6, tobject.subject)."""
    for child in tobject:
        name, given = name_of(child), attributes(child)
        if name == "tobject.property":
            draft.add("genre", concept_of(None, name=line_of(given.get("tobject.property.type"))))
        elif name == "tobject.subject":
            label = next((given[key] for key in _SUBJECT_LABELS if given.get(key)), None)
            code = line_of(given.get("tobject.subject.refnum"))
            draft.add("subject", concept_of(code, name=line_of(label)))


#: Attributes that name a subject, the most specific first.
_SUBJECT_LABELS = ("tobject.subject.detail", "tobject.subject.matter", "tobject.subject.type")


def _read_docdata(draft: ItemDraft, docdata: Element) -> None:
    draft.fill_line("pubstatus_raw", attributes(docdata).get("management-status"))
    for child in docdata:
        name, given = name_of(child), attributes(child)
        if name == "doc-id":
            draft.fill_line("guid", given.get("id-string"))
            draft.fill_line("regsrc", given.get("regsrc"))
        elif name == "urgency":
            draft.fill_number("urgency", given.get("ed-urg"))
        elif name in _TIMES:
            draft.fill_time(_TIMES[name], given.get("norm") or line_in(child))
        elif name == "doc.copyright":
            draft.fill_line("copyrightholder", given.get("holder"))
        elif name == "doc.rights":
            draft.fill_line("usageterms", " ".join(filter(None, (given.get("type"), given.get("limitations")))))
        elif name == "ed-msg":
            draft.add_note(given.get("info"))
        elif name == "key-list":
            for keyword in child:
                draft.add("keywords", line_of(attributes(keyword).get("key")))
        else:
            _read_docdata_rest(draft, name, given, child)


_TIMES = {"date.issue": "versioncreated", "date.release": "released", "date.expire": "expires"}


def _read_docdata_rest(draft: ItemDraft, name: str, given: Mapping[str, str], child: Element) -> None:
    if name == "du-key":
        # "Dynamic use key": a key common to all versions of a story, and the version (3.6, du-key).
        draft.fill_line("version", given.get("version"))
        if key := line_of(given.get("key")):
            draft.add("altids", AltId(value=key, role="du-key"))
    elif name == "series":
        draft.fill(
            "series",
            Series(
                name=line_of(given.get("series.name")),
                part=number_of(given.get("series.part")),
                total=number_of(given.get("series.totalpart")),
            ),
        )
    elif name == "evloc":
        places = (given.get(key) for key in ("city", "county-dist", "state-prov"))
        label = line_of(next((place for place in places if place), None))
        draft.add("place", concept_of(line_of(given.get("iso-cc")), name=label, rel="event location"))
    elif name == "identified-content":
        for one in child:
            if list_name := _LIST_OF_ELEMENT.get(name_of(one)):
                code = line_of(attributes(one).get("value"))
                draft.add(list_name, concept_of(code, scheme=line_of(attributes(one).get("idsrc")), name=text_in(one)))
    elif name == "pubdata":
        draft.fill_time("published", given.get("date.publication"))


#: Element of `identified-content` → list of the item.
_LIST_OF_ELEMENT = {
    "person": "person",
    "org": "organisation",
    "location": "place",
    "event": "event",
    "classifier": "subject",
}


def _fill_derived_times(draft: ItemDraft) -> None:
    """Fill `versioncreated` from publication or release if there is no issue date; a release after it is an embargo."""
    values = draft.values
    published, released, regsrc = (values.pop(name, None) for name in ("published", "released", "regsrc"))
    precisions = [values.pop(name, None) for name in ("published_precision", "released_precision")]
    if "versioncreated" not in values:
        draft.fill("versioncreated", published or released)
        draft.fill("versioncreated_precision", precisions[0] if published else precisions[1])
    issued = values.get("versioncreated")
    if released and issued and released > issued:
        if not precisions[1] or released - issued < _SAME_HOUR:
            draft.fill("embargoed", released)
        elif "embargoed" not in values:
            draft.embargo = draft.embargo or StatedTime(released, precisions[1])
    draft.add_extra("regsrc", regsrc)

import pytest

from ingestd.formats import parse
from ingestd.model.item import Association, Author, Concept, EdNote, Headline, Link, Rendition, Series
from tests.formats.samples import CREATED, RELEASED, WIRE, item_in, items_in


def test_all_fields_of_an_item_are_read() -> None:
    item = item_in(WIRE["newsml_1.xml"])

    assert (item.guid, item.id_origin, item.version) == ("urn:newsml:harbour.example:20260301:ice-7", "source", "3")
    assert (item.versioncreated, item.embargoed, item.type) == (CREATED, RELEASED, "text")
    assert (item.pubstatus, item.pubstatus_raw) == ("withheld", "Embargoed")
    assert (item.headline, item.description_text) == ("La glace ferme le port", "Les bateaux restent")
    assert item.headlines == (Headline(text="La glace ferme le port"),)
    assert (item.byline, item.authors) == ("Ada Ship", (Author(name="Ada Ship"),))
    assert (item.dateline, item.located) == ("PORT, 1 mars 2026 (HN)", "Port")
    assert (item.slugline, item.keywords, item.language) == ("port-glace", ("glace", "bateau"), "fr")
    assert (item.urgency, item.priority, item.series) == (3, 4, Series(name="Hiver"))
    assert (item.provider, item.source) == (Concept(name="HN"), "Harbour Board")
    assert (item.copyrightnotice, item.usageterms) == ("(c) HN", "NO ARCHIVAL USE")
    assert item.ednotes == (EdNote(text="CORRIGE la profondeur", role="AdvisoryLine"),)
    assert item.links == (Link(guid="urn:newsml:harbour.example:20260301:ice-6", rel="derivedfrom"),)
    assert item.extra == {"newsitemtype": "News"}


def test_the_text_is_found_at_any_depth() -> None:
    item = item_in(WIRE["newsml_1.xml"])

    assert item.body_html == "<p>Le port est fermé.</p><h2>Profondeur</h2><p>Douze centimètres.</p>"
    assert item.body_text == "Le port est fermé.\n\nProfondeur\n\nDouze centimètres."


def test_subject_codes_are_mapped_and_a_qualifier_is_no_subject() -> None:
    sent, detailed, *mapped = item_in(WIRE["newsml_1.xml"]).subject

    assert (sent.code, detailed.code, detailed.uri) == (
        "17000000",
        "17005000",
        "http://cv.iptc.org/newscodes/subjectcode/17005000",
    )
    assert [(topic.code, topic.name, topic.rel) for topic in mapped] == [
        ("17000000", "weather", "mapped"),
        ("20001131", "weather warning", "mapped"),
    ]


def test_a_picture_has_its_caption_and_news_lines() -> None:
    assert item_in(WIRE["newsml_1.xml"]).associations == (
        Association(
            name="photo0",
            type="picture",
            headline="La glace",
            caption="La glace au port.",
            byline="Bo Ray",
            creditline="HN/Ray",
            renditions=(
                Rendition(
                    href="photo0.jpg", name="preview", contenttype="image/jpeg", width=512, height=384, sizeinbytes=4096
                ),
            ),
        ),
    )


ITEM = (
    "<NewsItem><Identification><NewsIdentifier><ProviderId>hn.example</ProviderId><DateId>20260301</DateId>"
    "<NewsItemId>7</NewsItemId><RevisionId>3</RevisionId>"
    "<PublicIdentifier>urn:newsml:hn.example:20260301:7:3</PublicIdentifier></NewsIdentifier></Identification>"
    "<NewsManagement><ThisRevisionCreated>20260301T113015Z</ThisRevisionCreated><Status FormalName='Usable'/>"
    "</NewsManagement><NewsComponent><NewsLines><HeadLine>Ice</HeadLine></NewsLines>"
    "<ContentItem><DataContent>One.\n\nTwo.</DataContent></ContentItem></NewsComponent></NewsItem>"
)
PUBLIC = "urn:newsml:hn.example:20260301:7:3"


@pytest.mark.parametrize(
    ("change", "guid", "origin"),
    [
        pytest.param((PUBLIC, PUBLIC), "urn:newsml:hn.example:20260301:7", "source", id="PublicIdentifier"),
        pytest.param((PUBLIC, PUBLIC + "U"), "urn:newsml:hn.example:20260301:7", "source", id="an update"),
        pytest.param(
            (PUBLIC, "urn:newsml:hn.example"), "urn:newsml:hn.example:20260301:7", "composed", id="provider only"
        ),
        pytest.param((PUBLIC, ""), "urn:newsml:hn.example:20260301:7", "composed", id="missing"),
        pytest.param((PUBLIC, "tag:hn.example,2026:7"), "tag:hn.example,2026:7", "source", id="another URI scheme"),
    ],
)
def test_the_guid_does_not_include_the_revision(change: tuple[str, str], guid: str, origin: str) -> None:
    item = item_in(f"<NewsML>{ITEM.replace(*change)}</NewsML>")

    assert (item.guid, item.id_origin, item.version) == (guid, origin, "3")


def test_without_identifiers_the_guid_is_derived_or_a_hash() -> None:
    start, _, rest = ITEM.partition("<DateId>")
    bare = f"<NewsML>{start}{rest.partition('</PublicIdentifier>')[2]}</NewsML>"

    assert item_in(bare).id_origin == "hash"
    derived = item_in(
        bare.replace("<ContentItem>", "<DescriptiveMetada><guid>AB12</guid></DescriptiveMetada><ContentItem>")
    )
    assert (derived.guid, derived.id_origin) == ("AB12", "derived")


def test_the_headline_of_an_alert_without_one_is_its_first_paragraph() -> None:
    assert item_in(f"<NewsML>{ITEM.replace('>Ice<', '><')}</NewsML>").headline == "One."


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(ITEM, id="bare item"),
        pytest.param(f"<newsml Version='1.0'>{ITEM}</newsml>", id="wrong case"),
        pytest.param(f"<n:NewsML>{ITEM}</n:NewsML>", id="undeclared prefix"),
        pytest.param(f"<NewsML xmlns='urn:wrong'>{ITEM}</NewsML>", id="wrong namespace"),
        pytest.param(f"<NewsML>{ITEM}"[: -len("</NewsComponent></NewsItem>")], id="cut off"),
        pytest.param(
            f"<NewsML>{ITEM}</NewsML>".replace("<ContentItem>", "<NewsComponent><ContentItem>" * 1).replace(
                "</ContentItem>", "</ContentItem></NewsComponent>"
            ),
            id="nested one level deeper",
        ),
        pytest.param(
            f"<NewsML>{ITEM}</NewsML>".replace("20260301T113015Z", "20260301T123015+0100"), id="offset without colon"
        ),
    ],
)
def test_a_document_that_violates_the_standard_is_still_read(body: str) -> None:
    item = item_in(body)

    assert (item.guid, item.version, item.headline) == ("urn:newsml:hn.example:20260301:7", "3", "Ice")
    assert (item.versioncreated, item.pubstatus, item.body_text) == (CREATED, "usable", "One.\n\nTwo.")


def test_items_nested_in_components_are_separate_items() -> None:
    inner = ITEM.replace("7", "8")
    body = f"<NewsML>{ITEM.replace('<ContentItem>', f'<NewsComponent>{inner}</NewsComponent><ContentItem>')}</NewsML>"

    assert [item.guid for item in items_in(body)] == [
        "urn:newsml:hn.example:20260301:7",
        "urn:newsml:hn.example:20260301:8",
    ]


def component(role: str, text: str, href: str = "") -> str:
    content = (
        f"<ContentItem Href='{href}'><MediaType FormalName='Photo'/></ContentItem>"
        if href
        else (f"<ContentItem><DataContent><p>{text}</p></DataContent></ContentItem>")
    )
    return f"<NewsComponent><Role FormalName='{role}'/>{content}</NewsComponent>"


@pytest.mark.parametrize(
    ("components", "text", "kind"),
    [
        pytest.param([("Title", "T"), ("Lead", "L"), ("Body", "B")], "L\n\nB", "text", id="lead and body"),
        pytest.param(
            [("HeadLine", "H"), ("Contact", "C"), ("Body", "B"), ("TweetText", "X")], "B", "text", id="press release"
        ),
        pytest.param([("Title", "T"), ("Body", "")], "T", "text", id="title only"),
        pytest.param([("Main", "", "a.jpg"), ("Caption", "C")], "C", "picture", id="a picture"),
        pytest.param([("Whatever", "W")], "W", "text", id="unknown role"),
    ],
)
def test_the_role_of_a_component_decides_whether_it_is_the_body(
    components: list[tuple[str, ...]], text: str, kind: str
) -> None:
    start, _, rest = ITEM.partition("<ContentItem>")
    parts = "".join(component(*one) for one in components)

    item = item_in(f"<NewsML>{start}{parts}{rest.partition('</ContentItem>')[2]}</NewsML>")

    assert (item.body_text, item.type) == (text, kind)


def test_only_the_first_of_equivalent_components_is_the_text() -> None:
    start = ITEM.partition("<NewsComponent>")[0]
    parts = component("Main", "In English.") + component("Main", "En français.")
    body = f"<NewsML>{start}<NewsComponent EquivalentsList='yes'>{parts}</NewsComponent></NewsItem></NewsML>"

    assert item_in(body).body_text == "In English."


def test_a_doctype_is_not_loaded() -> None:
    feed = parse(WIRE["newsml_1.xml"], url="https://harbour.example/")

    assert feed.format == "newsml-1"
    assert not feed.warnings

"""An embargo whose end has no zone ends at the latest time that may be meant, in every format."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestd.formats import parse
from ingestd.model.item import Item
from ingestd.policy.wire.embargo import embargo_of


def item_of(body: str | dict[str, Any]) -> Item:
    text = json.dumps(body) if isinstance(body, dict) else body
    item = parse(text.encode(), url="https://agency.example/").entries[0].item
    assert item
    return item


def ninjs(language: str | None = "en-US", made: str = "2026-11-26T12:00:00+0000", **fields: str) -> dict[str, Any]:
    given = {
        "guid": "tag:orrin.example,2026:1", "version": "1", "type": "text", "pubstatus": "usable",
        "language": language, "headline": "Ferry moves to a new pier", "versioncreated": made,
        "body_html": "<p>The ferry moves to a new pier.</p>",
    }  # fmt: skip
    return {name: value for name, value in (given | fields).items() if value is not None}


def g2(embargoed: str, *, language: str = "en-US", made: str = "2026-11-26T12:00:00Z") -> str:
    return f"""<?xml version="1.0"?>
<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:newsml:a.example:1" version="1" xml:lang="{language}">
<itemMeta><itemClass qcode="ninat:text"/><versionCreated>{made}</versionCreated><embargoed>{embargoed}</embargoed>
<pubStatus qcode="stat:usable"/></itemMeta><contentMeta><language tag="{language}"/><headline>Ferry</headline>
</contentMeta></newsItem>"""


def newsml_1(when: str, *, language: str = "en-US", made: str = "20261126T120000Z") -> str:
    return f"""<?xml version="1.0"?>
<NewsML><NewsItem><Identification><NewsIdentifier><ProviderId>a.example</ProviderId><DateId>20261126</DateId>
<NewsItemId>1</NewsItemId><RevisionId PreviousRevision="0" Update="N">1</RevisionId>
<PublicIdentifier>urn:newsml:a.example:20261126:1:1</PublicIdentifier></NewsIdentifier></Identification>
<NewsManagement><NewsItemType FormalName="News"/><FirstCreated>{made}</FirstCreated>
<ThisRevisionCreated>{made}</ThisRevisionCreated><Status FormalName="Embargoed"/>
<StatusWillChange><FutureStatus FormalName="Usable"/><DateAndTime>{when}</DateAndTime></StatusWillChange>
</NewsManagement><NewsComponent><NewsLines><HeadLine>Ferry</HeadLine></NewsLines><DescriptiveMetadata>
<Language FormalName="{language}"/></DescriptiveMetadata></NewsComponent></NewsItem></NewsML>"""


def nitf(release: str, *, issue: str = "20261126T120000Z", language: str = "en-US") -> str:
    return f"""<?xml version="1.0"?>
<nitf baselang="{language}"><head><title>Ferry</title><docdata><doc-id id-string="a:1"/><date.issue norm="{issue}"/>
<date.release norm="{release}"/></docdata></head><body><body.head><hedline><hl1>Ferry</hl1></hedline></body.head>
<body.content><p>The ferry moves.</p></body.content></body></nitf>"""


def digitalwires(embargoed: str, **fields: Any) -> dict[str, Any]:
    return {
        "urn": "urn:newsml:dpa.example:1", "version": 1, "version_created": "2026-11-26T12:00:00+01:00",
        "headline": "Fähre", "article_html": "<p>Die Fähre fährt.</p>", "language": "de", "pubstatus": "usable",
        "embargoed": embargoed,
    } | fields  # fmt: skip


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


NAIVE = "2026-11-27T18:00:00"
NOTE = "EMBARGOED UNTIL 6 p.m. Nov. 27, 2026"


@pytest.mark.parametrize(
    ("body", "until"),
    [
        pytest.param(ninjs(embargoed=NAIVE, ednote=NOTE), at(27, 23), id="ninjs: with a note"),
        pytest.param(ninjs(ednote=NOTE), at(27, 23), id="ninjs: a note alone"),
        pytest.param(ninjs(embargoed=NAIVE), at(27, 23), id="ninjs: the field alone"),
        pytest.param(ninjs(embargoedUntil=NAIVE), at(27, 23), id="ninjs 3"),
        pytest.param(ninjs("en", embargoed=NAIVE), at(27, 23), id="English of no country may be American"),
        pytest.param(ninjs("en-GB", embargoed="2026-07-01T18:00:00"), at(1, 18, month=7), id="London in summer: UTC"),
        pytest.param(ninjs(None, embargoed=NAIVE), at(27, 23), id="no language"),
        pytest.param(ninjs("fi", embargoed=NAIVE), at(27, 18), id="east of UTC, UTC is later"),
        pytest.param(ninjs("pt-BR", embargoed=NAIVE), at(27, 21), id="Brazil"),
        pytest.param(ninjs("es-CO", embargoed=NAIVE), at(27, 23), id="Colombia"),
        pytest.param(ninjs("es", embargoed=NAIVE), at(28, 0), id="Spanish of no country may be Mexican"),
        pytest.param(
            ninjs("en", "2026-11-26T12:00:00-0800", embargoed=NAIVE), at(28, 2), id="the zone of the item's other times"
        ),
        pytest.param(
            ninjs("en-US", "2026-10-30T12:00:00-0400", embargoed="2026-11-02T18:00:00"), at(2, 23),
            id="whose summer time ends before",
        ),
        pytest.param(ninjs(embargoed="2026-11-27T18:00:00-0500"), at(27, 23), id="its own zone"),
        pytest.param(ninjs(embargoed="2026-11-27T18:00:00Z"), at(27, 18), id="UTC as written"),
        pytest.param(
            ninjs(embargoed="2026-11-27T18:00:00Z", ednote=NOTE), at(27, 23), id="a wrong zone and the right note"
        ),
        pytest.param(
            ninjs(embargoed="2026-11-27T18:00:00Z", ednote="EMBARGOED UNTIL noon Dec. 3, 2026"), at(27, 18),
            id="a note of another day",
        ),
        pytest.param(ninjs(embargoed="2026-11-27"), at(28, 5), id="a day, to its end"),
        pytest.param(ninjs(embargoed="2026-11-27T00:00:00"), at(27, 5), id="its midnight"),
        pytest.param(ninjs(embargoed="2026-11-01T01:30:00"), at(1, 6, 30), id="a time shown twice: the second"),
        pytest.param(ninjs(embargoed="2026-03-08T02:30:00"), at(8, 7, 30, month=3), id="a time that is skipped"),
        pytest.param(ninjs(embargoed="20261127T180000"), at(27, 23), id="basic ISO 8601"),
        pytest.param(g2(NAIVE), at(27, 23), id="NewsML-G2"),
        pytest.param(g2(NAIVE, language="de-AT"), at(27, 18), id="NewsML-G2: Vienna"),
        pytest.param(g2("2026-11-27"), at(28, 5), id="NewsML-G2: a day"),
        pytest.param(newsml_1("20261127T180000"), at(27, 23), id="NewsML 1"),
        pytest.param(newsml_1("20261127T180000", made="20261126T120000-0600"), at(28, 0), id="NewsML 1: in Chicago"),
        pytest.param(newsml_1("20261127T180000+0100"), at(27, 17), id="NewsML 1: with its zone"),
        pytest.param(nitf("20261127T180000"), at(27, 23), id="NITF"),
        pytest.param(nitf("20261127T180000", issue="20261126T120000"), at(27, 23), id="NITF: no zone anywhere"),
        pytest.param(nitf("20261127"), at(27, 5), id="NITF: a day, from its beginning in the latest zone"),
        pytest.param(nitf("20261126T120200"), at(26, 12, 2), id="NITF: minutes after the issue"),
        pytest.param(digitalwires(NAIVE), at(27, 18), id="digitalwires"),
        pytest.param(digitalwires(NAIVE, language="en-US", version_created="2026-11-26T12:00:00-05:00"), at(27, 23),
            id="digitalwires: American"),
    ],
)  # fmt: skip
def test_an_embargo_without_a_zone_ends_at_the_latest_time_that_may_be_meant(
    body: str | dict[str, Any], until: datetime
) -> None:
    embargo = embargo_of(item_of(body))

    assert embargo
    assert embargo.until == until


@pytest.mark.parametrize(
    ("body", "warned"),
    [(ninjs(embargoed=NAIVE), True), (ninjs(embargoed="2026-11-27T18:00:00Z"), False), (ninjs(ednote=NOTE), False)],
)
def test_a_warning_names_the_reading(body: dict[str, Any], warned: bool) -> None:
    warning = "the embargo has no zone: 2026-11-27 18:00 was read as 2026-11-27T23:00:00Z, the latest"

    assert (warning in item_of(body).warnings) == warned


def test_an_embargo_that_cannot_be_read_has_no_end() -> None:
    item = item_of(newsml_1("next Friday"))

    assert "embargo" in item.signals
    assert embargo_of(item).until is None  # type: ignore[union-attr]

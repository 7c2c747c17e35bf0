from datetime import UTC, datetime, timedelta

import pytest

from ingestd.dates.stated_time import DatePrecision
from ingestd.model.article import Agency, Article
from ingestd.pipeline.stories.tellers import teller
from tests.support.outcomes import NOON

TEXT = "It rained in the hills of Nebu on Monday.\n\nNobody was hurt there, the mayor said."
PRINTED = NOON - timedelta(minutes=20)


def test_what_a_page_says_of_its_text() -> None:
    dpa = Agency(code="dpa", name="Deutsche Presse-Agentur", role="origin", evidence=(("dateline", "Nebu (dpa)"),))
    cited = Agency(code="AP", name="Associated Press", role="cited", evidence=(("text", "told AP"),))
    article = Article(
        headline="Rain",
        body_text=f"{TEXT}\n\nFirst published by www.post.example.\n\n© Reuters",
        firstcreated=PRINTED,
        date_precision="minute",
        agencies=(dpa, cited),
        uri="https://other.example/rain",
    )

    told = teller(record=7, publisher="paper.example", article=article, seen=NOON)

    assert told.agency is None
    assert told.credits == {"dpa", "Reuters"}
    assert told.named == ("post.example", "other.example")
    assert told.at == PRINTED


@pytest.mark.parametrize(
    ("publisher", "source", "is_wire", "provider", "agency"),
    [
        ("apnews.com", "AP News", False, None, "AP"),
        ("paper.example", "Deutsche Presse-Agentur", False, None, "dpa"),
        ("paper.example", "The Sarola Post", False, None, None),
        ("files.example", None, True, "dpa", "dpa"),
        ("files.example", "AFP", True, None, "AFP"),
        ("files.example", None, True, "Sarola Wire", "Sarola Wire"),
        ("files.example", None, True, None, "files.example"),
    ],
)
def test_whose_own_document_it_is(
    publisher: str, source: str | None, is_wire: bool, provider: str | None, agency: str | None
) -> None:
    article = Article(headline="Rain", body_text=TEXT, source=source)

    told = teller(record=7, publisher=publisher, article=article, seen=NOON, is_wire=is_wire, provider=provider)

    assert told.agency == agency


@pytest.mark.parametrize("precision", ["day", "assumed_zone", None])
def test_a_time_that_is_not_certain_is_not_used(precision: DatePrecision | None) -> None:
    stated = datetime(2026, 1, 31, tzinfo=UTC)
    article = Article(headline="Rain", body_text=TEXT, firstcreated=stated, date_precision=precision)

    assert teller(record=7, publisher="paper.example", article=article, seen=NOON).printed is None

from datetime import UTC, datetime
from typing import Any

import pytest

from ingestd.model.article import Article, Image
from ingestd.policy.articles.changes import changed_fields, diff


def article(**fields: Any) -> Article:
    return Article(**({"headline": "Ferry runs", "body_text": "One.\n\nTwo.\n\nThree."} | fields))


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        pytest.param({}, (), id="nothing"),
        pytest.param({"body_text": "One."}, ("body_text",), id="text"),
        pytest.param({"byline": "Ada", "headline": "Ferry stops"}, ("headline", "byline"), id="in-their-order"),
        pytest.param({"body_html": ""}, (), id="empty-is-absent"),
        pytest.param({"uri": "https://a.test/"}, (), id="the-address-stays"),
        pytest.param({"provenance": {"headline": "meta"}}, (), id="another-witness-said-the-same"),
        pytest.param({"associations": (Image(href="a.jpg"),)}, ("associations",), id="a-picture"),
    ],
)
def test_changed_fields_are_listed(fields: dict[str, Any], changed: tuple[str, ...]) -> None:
    assert changed_fields(article(), article(**fields)) == changed


def test_a_diff_has_a_line_for_each_field_and_each_paragraph() -> None:
    when = datetime(2026, 1, 31, 12, tzinfo=UTC)
    old = article(authors=("Ada", "Bo"), body_html="<p>One.</p>")
    new = article(
        body_text="One.\n\nTwo!\n\nThree.", firstcreated=when, associations=(Image(href="a.jpg", credit="C"),)
    )

    assert diff(old, new) == (
        "@@ -1,5 +1,6 @@",
        " headline: Ferry runs",
        "-authors: Ada, Bo",
        "+firstcreated: 2026-01-31T12:00:00Z",
        "+associations: a.jpg — C",
        " One.",
        "-Two.",
        "+Two!",
        " Three.",
    )


def test_equal_articles_have_no_diff() -> None:
    assert diff(article(), article(body_html="<p>One.</p>")) == ()

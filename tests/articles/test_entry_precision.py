"""The precision of a feed's time, from the feed through the database's JSON to the record."""

from dataclasses import replace

import pytest

from ingestd import formats
from ingestd.articles import extract
from ingestd.model.page import Page
from ingestd.store.work.entries import entry_as_json, entry_from_json
from ingestd.times import iso
from ingestd.workers.wire_version import version_of

STORY = f"<p>{'The mayor said on Monday that the bridge would stay closed until the autumn. ' * 3}</p>".encode()

RSS = (
    "<rss version='2.0'><channel><title>T</title><item><title>One</title><link>https://p.example/1</link>"
    "<pubDate>{}</pubDate></item></channel></rss>"
)
ATOM = (
    "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><id>1</id><title>One</title>"
    "<published>{}</published></entry></feed>"
)
JSON = (
    '{{"version": "https://jsonfeed.org/version/1.1", "items": '
    '[{{"id": "1", "title": "One", "date_published": "{}"}}]}}'
)
SITEMAP = (
    "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://p.example/1</loc>"
    "<lastmod>{}</lastmod></url></urlset>"
)


@pytest.mark.parametrize("document", [RSS, ATOM, JSON, SITEMAP], ids=["rss", "atom", "json-feed", "sitemap"])
@pytest.mark.parametrize(
    ("written", "when", "precision"),
    [
        ("2026-11-20", "2026-11-20T00:00:00Z", "day"),
        ("Fri, 20 Nov 2026", "2026-11-20T00:00:00Z", "day"),
        ("2026-11-20T00:00:00", "2026-11-20T00:00:00Z", "day"),
        ("2026-11-20T10:11:12", "2026-11-20T10:11:12Z", "assumed_zone"),
        ("Fri, 20 Nov 2026 10:11:12", "2026-11-20T10:11:12Z", "assumed_zone"),
        ("20 Nov 2026 10:11 AM", "2026-11-20T10:11:00Z", "assumed_zone"),
        ("Fri, 20 Nov 2026 10:11:12 GMT", "2026-11-20T10:11:12Z", "minute"),
        ("2026-11-20T12:11:12+02:00", "2026-11-20T10:11:12Z", "minute"),
        ("1795169472", "2026-11-20T10:11:12Z", "minute"),
    ],
)
def test_a_record_has_the_precision_of_its_entry(document: str, written: str, when: str, precision: str) -> None:
    (announced,) = formats.parse(document.format(written).encode(), url="https://p.example/feed").entries
    entry = entry_from_json(entry_as_json(announced))

    article = extract(Page(url="https://p.example/1", body=STORY, entry=entry))

    assert entry == announced
    assert (iso(article.firstcreated), article.date_precision) == (when, precision)


def test_an_entry_of_an_earlier_version_counts_as_exact_to_the_minute() -> None:
    (entry,) = formats.parse(RSS.format("2026-11-20T10:11:12Z").encode(), url="https://p.example/feed").entries
    row = entry_as_json(entry)
    del row["published_precision"]

    article = extract(Page(url="https://p.example/1", body=STORY, entry=entry_from_json(row)))

    assert article.date_precision == "minute"


@pytest.mark.parametrize(
    ("written", "precision"),
    [("2026-11-20", "day"), ("2026-11-20T10:11:12", "assumed_zone"), ("2026-11-20T10:11:12Z", "minute")],
)
def test_a_wire_item_has_the_precision_that_was_sent(written: str, precision: str) -> None:
    item = f'{{"uri": "urn:1", "headline": "One", "body_text": "Ferries stop.", "versioncreated": "{written}"}}'
    (entry,) = formats.parse(item.encode(), url="https://p.example/item").entries
    assert entry.item

    version = version_of(entry.item, "ninjs")

    assert (entry.updated_precision, version.article.date_precision) == (precision, precision)
    # How a time was read is not content: an item that came before this was known is not a new version.
    unknown = replace(entry.item, versioncreated_precision=None, firstcreated_precision=None)
    assert version.item_hash == version_of(unknown, "ninjs").item_hash


@pytest.mark.parametrize(
    ("norm", "precision"), [("20261120", "day"), ("20261120T101112", "assumed_zone"), ("20261120T101112Z", "minute")]
)
@pytest.mark.parametrize("element", ["date.issue", "date.release"])
def test_a_nitf_item_has_the_precision_of_the_date_that_it_uses(element: str, norm: str, precision: str) -> None:
    nitf = (
        f"<nitf><head><docdata><doc-id id-string='1'/><{element} norm='{norm}'/></docdata></head>"
        "<body><body.head><hedline><hl1>One</hl1></hedline></body.head>"
        "<body.content><p>Ferries stop.</p></body.content></body></nitf>"
    )
    (entry,) = formats.parse(nitf.encode(), url="https://p.example/item").entries

    assert entry.updated
    assert entry.updated_precision == precision

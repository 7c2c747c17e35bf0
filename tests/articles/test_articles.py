import json
import pickle
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestd.articles import extract
from ingestd.errors import ExtractError, NoArticle
from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.model.page import Page
from ingestd.times import iso

DATA = Path(__file__).parent.parent / "data"
URL = "https://www.harborpost.example/story/4711/night-ferries.html"
SENTENCE = "The mayor said on Monday that the bridge would stay closed until the autumn. "


def page(body: str, **fields: Any) -> Page:
    return Page(**({"url": URL, "body": body.encode(), "content_type": "text/html; charset=utf-8"} | fields))


def described(article: Article) -> dict[str, Any]:
    """Return the article in the form of ferry.json."""
    return {
        "headline": article.headline,
        "description_text": article.description_text,
        "byline": article.byline,
        "authors": list(article.authors),
        "firstcreated": iso(article.firstcreated),
        "versioncreated": iso(article.versioncreated),
        "date_precision": article.date_precision,
        "language": article.language,
        "dateline": article.dateline,
        "uri": article.uri,
        "caption": article.associations[0].caption,
        "credit": article.associations[0].credit,
        "agencies": [
            {"code": agency.code, "role": agency.role, "evidence": [list(said) for said in agency.evidence]}
            for agency in article.agencies
        ],
        "paywall": article.paywall,
        "truncated": article.truncated,
        "paragraphs": article.body_text.split("\n\n"),
    }


@pytest.mark.parametrize("version", ["semantic", "soup", "dump"])
def test_one_story_gives_the_same_article_from_every_kind_of_page(version: str) -> None:
    article = extract(page((DATA / f"ferry_{version}.html").read_text()))

    assert described(article) == json.loads((DATA / "ferry.json").read_text())


def test_the_lead_image_is_the_one_that_the_page_shows() -> None:
    article = extract(page((DATA / "ferry_semantic.html").read_text()))

    assert [image.href for image in article.associations] == ["https://www.harborpost.example/img/ferry-large.jpg"]


def test_body_html_has_the_same_text_as_body_text() -> None:
    article = extract(page(f"<article><h1>A bridge</h1><p>{SENTENCE * 3}</p><p>{SENTENCE}<b>Now</b>.</p></article>"))

    assert article.body_html == f"<p>{(SENTENCE * 3).strip()}</p><p>{SENTENCE}<strong>Now</strong>.</p>"
    assert article.body_text == f"{(SENTENCE * 3).strip()}\n\n{SENTENCE}Now."


def test_an_article_can_be_pickled() -> None:
    article = extract(page((DATA / "ferry_soup.html").read_text()))

    assert pickle.loads(pickle.dumps(article)) == article


def test_provenance_names_the_witness_of_each_field() -> None:
    provenance = extract(page((DATA / "ferry_semantic.html").read_text())).provenance

    assert provenance["headline"] == "json_ld"
    assert provenance["description_text"] == "page"
    assert provenance["images"] == "picture"


def test_the_entry_supplies_the_fields_that_the_page_does_not_state() -> None:
    entry = Entry(
        guid="1",
        headline="Bridge stays closed",
        published=datetime(2024, 5, 1, 8, 30, tzinfo=UTC),
        authors=("Ann Lee",),
        description_text="Until autumn at least",
    )
    article = extract(page(f"<div><p>{SENTENCE * 5}</p><p>{SENTENCE * 3}</p></div>", entry=entry))

    assert (article.headline, article.firstcreated, article.authors, article.description_text) == (
        "Bridge stays closed",
        entry.published,
        ("Ann Lee",),
        "Until autumn at least",
    )


@pytest.mark.parametrize(
    ("canonical", "uri"),
    [
        pytest.param("https://m.example.org/a?utm_source=x", "https://m.example.org/a", id="same-site"),
        pytest.param("/story/b", "https://www.example.org/story/b", id="relative"),
        pytest.param("https://example.com/a", "https://www.example.org/1", id="another-site"),
        pytest.param("http://[", "https://www.example.org/1", id="broken"),
    ],
)
def test_a_canonical_link_counts_only_within_its_own_site(canonical: str, uri: str) -> None:
    markup = f'<head><link rel="canonical" href="{canonical}"></head><p>{SENTENCE * 5}</p>'
    article = extract(page(markup, url="https://www.example.org/1#top"))

    assert article.uri == uri


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n ", id="white-space"),
        pytest.param("<html><body></body></html>", id="no-text"),
        pytest.param("<html><body><p>Page not found.</p></body></html>", id="too-short"),
        pytest.param("<p>We use cookies to make this site better for you and us.</p>", id="nothing-but-consent"),
    ],
)
@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
def test_a_page_without_a_story_is_no_article(body: str, fragment: bool) -> None:
    with pytest.raises(NoArticle, match=r"\w"):
        extract(page(body, fragment=fragment))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<div>" * 10_000 + f"<p>{SENTENCE}</p>" + "</div>" * 10_000, id="10k-nested"),
        pytest.param("<div>" * 100_000 + f"<p>{SENTENCE}</p>", id="100k-unclosed"),
        pytest.param("<b>" * 100_000 + SENTENCE, id="100k-unclosed-inline"),
        pytest.param(f"<p>{SENTENCE}</p>" + "<br>" * 60_000, id="60k-line-breaks"),
        pytest.param(f"<p>{SENTENCE}</p>" + "<a href='/x'>x</a>" * 60_000, id="60k-links"),
    ],
)
def test_an_oversized_page_keeps_its_text(body: str) -> None:
    assert SENTENCE.strip() in extract(page(f"<html><head><title>Bridge closed</title></head><body>{body}")).body_text


@pytest.mark.parametrize(
    "body", [bytes(range(256)) * 400, b"\xff\xfe" + bytes(999), b"<" * 100_000, b"<p " * 50_000, b"&#0;&#x1;" * 9999]
)
def test_any_input_gives_an_article_or_an_extract_error(body: bytes) -> None:
    with suppress(ExtractError):
        assert extract(Page(url=URL, body=body)).body_text

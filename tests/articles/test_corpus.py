"""A page that cannot be shipped: tested if $INGESTD_CORPUS names the folder that holds it."""

import json
import os
from html import escape
from pathlib import Path

import pytest

from ingestd.articles import extract
from ingestd.model.article import Article
from ingestd.model.page import Page
from ingestd.times import iso

CORPUS = os.environ.get("INGESTD_CORPUS")
URL = "https://www.paper.example/story/1/page.html"


def semantic(lines: list[str]) -> str:
    headline, dek, byline, stamp, _, caption, *story = lines
    data = {"@type": "NewsArticle", "headline": headline, "datePublished": "2020-06-24T01:15:00-05:00"}
    return (
        f'<html lang="en"><head><title>{escape(headline)} - Newser</title>'
        '<meta property="og:site_name" content="Newser">'
        f'<script type="application/ld+json">{json.dumps(data)}</script></head><body><main><article>'
        f'<h1>{escape(headline)}</h1><h2 class="dek">{escape(dek)}</h2><p class="byline">{escape(byline)}</p>'
        f"<p>{escape(stamp)}</p><figure><img src='/a.jpg'><figcaption>{escape(caption)}</figcaption></figure>"
        f"{''.join(f'<p>{escape(line)}</p>' for line in story[:2])}</article></main>"
        f"<div class='banner'>{''.join(f'<p>{escape(line)}</p>' for line in story[2:])}</div></body></html>"
    )


def soup(lines: list[str]) -> str:
    *masthead, first, second = lines[:8]
    return (
        f"<html><body><div><div>{''.join(f'<div>{escape(line)}</div>' for line in masthead)}</div>"
        f"<div>{escape(first)}<br><br>{escape(second)}</div></div>"
        f"<div>{''.join(f'<div>{escape(line)}</div>' for line in lines[8:])}</div></body></html>"
    )


def dump(lines: list[str]) -> str:
    return f"<html><body>{''.join(f'<p>{escape(line)}</p>' for line in lines)}</body></html>"


def described(article: Article) -> dict[str, object]:
    """Return the article in the form of the expected values."""
    picture, body = article.associations[0], article.body_text
    return {
        "headline": article.headline,
        "description_text": article.description_text,
        "byline": article.byline,
        "published": iso(article.firstcreated),
        "language": article.language,
        "dateline": article.dateline,
        "body_paragraphs": len(body.split("\n\n")),
        "photo_credit": picture.credit,
        "agencies_cited": sorted(agency.code for agency in article.agencies if agency.role == "cited"),
    }


if CORPUS:
    SEED = Path(CORPUS) / "seed"

    @pytest.mark.parametrize("rendered", [semantic, soup, dump])
    def test_a_scraped_page_gives_the_expected_record(rendered) -> None:  # type: ignore[no-untyped-def]
        lines = [line.strip() for line in (SEED / "newser.txt").read_text().splitlines() if line.strip()]
        expected = json.loads((SEED / "newser.expected.json").read_text())

        article = extract(Page(url=URL, body=rendered(lines).encode(), content_type="text/html; charset=utf-8"))

        values = described(article)
        assert values == {name: expected[name] for name in values}
        assert article.authors == ()
        assert article.body_text.startswith(expected["body_starts"])
        assert article.body_text.endswith(expected["body_ends"])
        assert not [words for words in expected["body_must_not_contain"] if words in article.body_text]
        assert (article.associations[0].caption or "").startswith(expected["photo_caption_starts"])

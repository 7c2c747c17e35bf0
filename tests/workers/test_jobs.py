import pytest

from ingestd.model import Page
from ingestd.workers.jobs import extract, parse_feed
from tests.formats.samples import CREATED, WIRE

NAMES = ("newsml_g2.xml", "newsml_1.xml", "nitf.xml", "ninjs_3.json")


@pytest.mark.parametrize("name", NAMES)
def test_a_wire_item_with_its_text_becomes_an_article_without_a_page(name: str) -> None:
    parsed = parse_feed(WIRE[name], "https://harbour.example/", None)
    entry = next(entry for entry in parsed.feed.entries if entry.body_html)
    body = (entry.body_html or "").encode()

    article = extract(Page(url="http://localhost/", body=body, entry=entry, fragment=True)).article

    assert entry.item
    assert (article.headline, article.byline) == (entry.item.headline, entry.item.byline)
    assert (article.versioncreated, article.language) == (CREATED, entry.item.language)
    assert "\n\n" in article.body_text

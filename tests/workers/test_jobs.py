import pickle

import pytest
from lxml import etree

from ingestd.model import markup
from ingestd.workers.jobs import parse_feed
from tests.formats.samples import CREATED, WIRE

NAMES = ("newsml_g2.xml", "newsml_1.xml", "nitf.xml", "ninjs_3.json")


@pytest.mark.parametrize("name", NAMES)
def test_a_wire_item_becomes_a_version_and_needs_no_page(name: str) -> None:
    parsed = parse_feed(WIRE[name], "https://harbour.example/", None)
    version = next(version for version in parsed.versions if version and version.article.body_text)
    item, article = version.item, version.article

    assert (article.headline, article.byline) == (item.headline, item.byline)
    assert (article.versioncreated, article.language) == (CREATED, item.language)
    assert "\n\n" in article.body_text
    assert article.body_html.startswith(("<p>", "<h2>"))
    assert version.item_hash in parsed.fingerprints
    # The version has the content, so the entry does not.
    assert all(entry.item is None and entry.body_html is None for entry in parsed.feed.entries)


def test_warnings_do_not_change_an_item_s_hash() -> None:
    whole, odd = b'{"uri":"urn:a:1234567","headline":"A"', b',"versioncreated":"noon"}'

    [plain] = parse_feed(whole + b',"type":"text"}', "https://harbour.example/", None).versions
    [other] = parse_feed(whole + b',"type":"text"' + odd, "https://harbour.example/", None).versions

    assert plain
    assert other
    assert other.item.warnings
    assert plain.item_hash == other.item_hash


def test_the_content_of_an_entry_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For its fingerprint, and to see whether it is the whole article."""
    parsed: list[str] = []
    parse = markup.parse_fragment

    def counted(text: str) -> etree._Element:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(markup, "parse_fragment", counted)
    items = "".join(
        f"<item><guid>{n}</guid><link>https://paper.example/{n}</link>"
        f"<content:encoded><![CDATA[<p>Story {n}.</p>{'<p>The council voted.</p>' * 30}]]></content:encoded></item>"
        for n in range(9)
    )
    namespace = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    feed = f'<rss version="2.0" {namespace}><channel>{items}</channel></rss>'.encode()

    entries = parse_feed(feed, "https://paper.example/feed", None).feed.entries

    assert all(entry.body_html for entry in entries)
    assert len(parsed) == len(entries) == 9


def test_a_parsed_feed_survives_its_way_to_the_daemon() -> None:
    for body in WIRE.values():
        parsed = parse_feed(body, "https://harbour.example/", None)
        assert pickle.loads(pickle.dumps(parsed)) == parsed

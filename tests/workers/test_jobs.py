import pytest

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

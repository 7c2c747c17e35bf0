import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestd.errors import ParseError
from ingestd.formats import parse
from ingestd.formats.common.fields import MAX_ENTRIES
from ingestd.model.feed import Entry, Feed

URL = "https://paper.example/feed.json"


def document(*items: Any, **fields: Any) -> bytes:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", **fields, "items": items}).encode()


def only(item: dict[str, Any], **fields: Any) -> Entry:
    (entry,) = parse(document({"id": "1", **item}, **fields), url=URL).entries
    return entry


def test_only_a_websub_hub_is_the_hub() -> None:
    hubs = [{"type": "rssCloud", "url": "https://a.example/"}, "?", {"type": "WebSub", "url": "/hub"}]

    feed = parse(document(hubs=hubs, feed_url=URL), url=URL)

    assert (feed.hub, feed.topic) == ("https://paper.example/hub", URL)


def test_all_fields_of_a_feed_are_read() -> None:
    feed = parse(
        document(
            {
                "id": "story-1",
                "url": "/1",
                "title": "Harbour road <to> widen",
                "summary": "A short one.",
                "content_html": "<p>The council voted.</p>",
                "date_published": "2020-06-24T08:15:00+02:00",
                "date_modified": "2020-06-24T06:30:00Z",
                "authors": [{"name": "Jane Doe"}, {"url": "https://paper.example/john"}],
                "tags": ["Harbour", "Harbour", 7],
                "language": "de",
            },
            title="Harbour News",
            home_page_url="https://paper.example/",
            next_url="feed.json?page=2",
        ),
        url=URL,
    )

    assert feed == Feed(
        format="json-feed",
        title="Harbour News",
        home="https://paper.example/",
        next_page="https://paper.example/feed.json?page=2",
        entries=(
            Entry(
                guid="story-1",
                link="https://paper.example/1",
                headline="Harbour road <to> widen",
                description_text="A short one.",
                body_html="<p>The council voted.</p>",
                published=datetime(2020, 6, 24, 6, 15, tzinfo=UTC),
                updated=datetime(2020, 6, 24, 6, 30, tzinfo=UTC),
                published_precision="minute",
                updated_precision="minute",
                authors=("Jane Doe",),
                keywords=("Harbour",),
                language="de",
            ),
        ),
    )


def test_an_item_without_an_id_is_left_out_and_the_others_keep_their_order() -> None:
    feed = parse(document({"id": "a"}, {"title": "none"}, {"id": ""}, "no item", {"id": "b"}), url=URL)

    assert [entry.guid for entry in feed.entries] == ["a", "b"]
    assert "left out: 3" in feed.warnings[0]


@pytest.mark.parametrize(("identifier", "guid"), [(7, "7"), (1.5, "1.5"), ("7", "7")])
def test_a_numeric_id_is_read_as_a_string(identifier: object, guid: str) -> None:
    assert only({"id": identifier}).guid == guid


def test_fields_of_the_wrong_type_count_as_absent() -> None:
    wrong = dict.fromkeys("url title summary content_html date_published authors tags language".split(), 7)

    assert only(wrong) == Entry(guid="1")


def test_items_inherit_authors_and_language_of_the_feed() -> None:
    entry = only({}, author={"name": "Jane Doe"}, language="en-GB")

    assert entry.authors == ("Jane Doe",)
    assert entry.language == "en-GB"


def test_plain_content_is_escaped_and_split_into_paragraphs() -> None:
    assert only({"content_text": "1 < 2\n\nAnd so on"}).body_html == "<p>1 &lt; 2</p><p>And so on</p>"


def test_an_external_url_is_the_link_of_an_item_without_a_url() -> None:
    assert only({"external_url": "https://other.example/x"}).link == "https://other.example/x"


def test_surrogates_and_control_characters_are_removed() -> None:
    body = rb'{"items": [{"id": "\ud800a", "title": "\u0000b\udfff", "content_html": "\ud800c"}]}'

    (entry,) = parse(body, url=URL).entries

    assert (entry.guid, entry.headline, entry.body_html) == ("a", "b", "c")


def test_escaped_slashes_a_byte_order_mark_and_invalid_utf_8_are_tolerated() -> None:
    body = (
        b'\xef\xbb\xbf {"version": "https:\\/\\/jsonfeed.org\\/version\\/1", "items": [{"id": 1, "title": "caf\xe9"}]}'
    )

    feed = parse(body, url=URL)

    assert feed.entries[0].headline == "caf\ufffd"
    assert len(feed.warnings) == 1


def test_items_beyond_the_limit_are_left_out_with_a_warning() -> None:
    feed = parse(document(*({"id": number} for number in range(MAX_ENTRIES + 5))), url=URL)

    assert len(feed.entries) == MAX_ENTRIES
    assert "left out: 5" in feed.warnings[0]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"items": [', id="cut off"),
        pytest.param(b'{"a": {"items": []}}', id="items not at the top"),
        pytest.param(b'{"items": [' + b"[" * 200_000, id="nested too deep"),
        pytest.param(b'{"items": [{"id": ' + b"9" * 5_000 + b"}]}", id="a very long number"),
    ],
)
def test_damaged_json_raises_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body, url=URL)


@pytest.mark.parametrize(
    ("item", "page", "body"),
    [
        ({"id": "https://paper.example/2"}, "https://paper.example/2", None),
        ({"id": "https://paper.example/2 copy", "summary": "s"}, None, "<p>s</p>"),
        ({"id": "3", "url": "3", "summary": "s"}, None, "<p>s</p>"),
        ({"id": "4", "url": "urn:x:4", "summary": "s"}, None, "<p>s</p>"),
        ({"id": 5, "url": None, "summary": "s"}, None, "<p>s</p>"),
        ({"id": "6", "url": "www.paper.example/6", "summary": "s"}, "https://www.paper.example/6", None),
        ({"id": "7", "attachments": [{"url": "https://a.example/7.mp3"}], "summary": "s"}, None, "<p>s</p>"),
        ({"id": "8", "url": "<![CDATA[https://paper.example/8]]>"}, "https://paper.example/8", None),
        ({"id": "9", "url": "/news/9"}, "https://paper.example/news/9", None),
    ],
)
def test_an_id_is_no_link_unless_it_is_a_url(item: dict[str, object], page: str | None, body: str | None) -> None:
    feed = {"version": "https://jsonfeed.org/version/1.1", "home_page_url": "https://paper.example/", "items": [item]}

    (entry,) = parse(json.dumps(feed).encode(), url="https://feeds.example/f/feed.json").entries

    assert (entry.link, entry.body_html) == (page, body)

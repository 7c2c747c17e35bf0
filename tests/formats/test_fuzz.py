"""Property tests: any bytes give a feed or a ParseError, and the values of a feed can be stored anywhere."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.errors import ParseError
from ingestd.formats import parse
from ingestd.model.feed import Feed
from ingestd.model.item import Item
from ingestd.model.item_json import item_as_json, item_from_json
from ingestd.text import UNSAFE
from tests.formats.samples import WIRE

RSS = b"""<?xml version='1.0'?><rss version='2.0'><channel><title>F</title><ttl>5</ttl><item><guid>1</guid>
<title>T</title><link>/a</link><pubDate>Sat, 31 Jan 2026 12:00:00 GMT</pubDate><description>&lt;p&gt;x</description>
</item></channel></rss>"""
ATOM = b"""<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><entry><id>1</id><title type='html'>T</title>
<link href='/a'/><updated>2026-01-31T12:00:00Z</updated><content type='xhtml'><div>x</div></content></entry></feed>"""
JSON = b"""{"version":"https://jsonfeed.org/version/1.1","title":"F","items":[{"id":"1","url":"/a","title":"T",
"content_html":"<p>x","date_published":"2026-01-31T12:00:00Z","authors":[{"name":"A"}],"tags":["t"]}]}"""
SITEMAP = b"""<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://paper.example/a</loc>
<lastmod>2026-01-31</lastmod></url></urlset>"""
SAMPLES = (RSS, ATOM, JSON, SITEMAP, *WIRE.values())
TYPES = (None, "text/xml", "application/json; charset=utf-16", "text/html")

QUICK = settings(max_examples=400)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a sample with pieces cut out, doubled, or replaced by arbitrary bytes."""
    body = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 40)))
        flipped = bytes(byte ^ draw(st.integers(1, 255)) for byte in body[start : start + 2])
        other = st.one_of(
            st.binary(max_size=20), st.just(body[start:end] * 2), st.just(flipped + body[start + 2 : end])
        )
        body = body[:start] + draw(other) + body[end:]
    return body


def check(body: bytes, content_type: str | None) -> None:
    try:
        feed = parse(body, url="https://paper.example/feed", content_type=content_type)
    except ParseError:
        return
    assert isinstance(feed, Feed)
    for entry in feed.entries:
        assert entry.guid
        for text in (entry.guid, entry.headline, entry.link, entry.description_text, *entry.authors, *entry.keywords):
            assert text is None or not UNSAFE.search(text)
        for time in (entry.published, entry.updated):
            assert time is None or time.tzinfo is UTC
        json.dumps(entry.body_html).encode()
        if entry.item:
            check_item(entry.item)


def check_item(item: Item) -> None:
    """Check that an item's values are clean and in UTC, and survive storage as JSON."""
    assert item.guid
    for value in everything_in(item):
        assert not isinstance(value, str) or not UNSAFE.search(value)
        assert not isinstance(value, datetime) or value.tzinfo is UTC
    assert item_from_json(json.loads(json.dumps(item_as_json(item)).encode())) == item


def everything_in(value: object) -> Iterator[object]:
    if is_dataclass(value):
        value = tuple(getattr(value, field.name) for field in fields(value))
    if isinstance(value, Mapping):
        value = (*value.keys(), *value.values())
    if isinstance(value, tuple):
        for one in value:
            yield from everything_in(one)
    else:
        yield value


@QUICK
@given(body=st.binary(max_size=300), content_type=st.none() | st.text(max_size=40))
def test_any_bytes_are_a_feed_or_a_parse_error(body: bytes, content_type: str | None) -> None:
    check(body, content_type)


@QUICK
@given(body=damaged(), content_type=st.sampled_from(TYPES))
def test_a_damaged_sample_is_a_feed_or_a_parse_error(body: bytes, content_type: str | None) -> None:
    check(body, content_type)


def test_an_element_named_like_feedparsers_list_of_links_is_tolerated() -> None:
    """Found by atheris."""
    check(
        RSS.replace(b"<link>/a</link>", b"<links v='0'>x</links>").replace(b"<ttl>5</ttl>", b"<links>x</links>"), None
    )

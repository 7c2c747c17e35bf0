"""Items that are known byte for byte are skipped, and the rest of the document is read as if all of it were."""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time

import pytest

from ingestd.errors import IngestError
from ingestd.formats.syndication.item_slices import slices_of
from ingestd.workers.jobs import parse_feed
from ingestd.workers.results import ParsedFeed
from tests.formats.syndication.feed_variants import invented
from tests.support import soak

URL = "https://paper.example/feed.xml"
COUNT = int(os.environ.get("FEED_VARIANTS", "0")) or soak.size(300, 25_000)
NONE = frozenset[bytes]()
DATE = "Sat, 31 Jan 2026 12:00:00 GMT"
HOURS = b"<skipHours><hour>1</hour></skipHours>"


def items_of(body: bytes) -> list[bytes]:
    slices = slices_of(body, b"")
    return [slices.body[start:end] for start, end in slices.places] if slices else []


def later_document(body: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a later document of a feed: some items left, some new, some in another place."""
    slices = slices_of(body, b"")
    assert slices
    items = [item for item in items_of(body) if chance.random() < 0.8]
    items += chance.sample(others, min(len(others), chance.randrange(3)))
    if chance.random() < 0.3:
        chance.shuffle(items)
    start, end = slices.places[0][0], slices.places[-1][1]
    return slices.body[:start] + b"\n".join(items) + slices.body[end:]


def read(body: bytes, known: frozenset[bytes]) -> ParsedFeed | str:
    try:
        return parse_feed(body, URL, None, known)
    except IngestError as error:
        return str(error)


def is_same(first: bytes, later: bytes) -> bool:
    """Return whether items of a document were skipped in a later one; fails if that makes a difference."""
    before = read(first, NONE)
    assert not isinstance(before, str)
    entries = zip(before.item_hashes, before.feed.entries, before.fingerprints, strict=bool(before.item_hashes))
    known = {one: (entry.guid, fingerprint) for one, entry, fingerprint in entries if one}
    part, whole = read(later, frozenset(known)), read(later, NONE)
    if isinstance(part, str) or not part.skipped:
        assert part == whole
        return False
    if not {known[one][0] for one in part.skipped}.isdisjoint(entry.guid for entry in part.feed.entries):
        return False  # the daemon reads the whole document
    assert not isinstance(whole, str)
    assert len(whole.item_hashes) == len(whole.feed.entries) == part.listed, later
    found = list(zip(whole.item_hashes, whole.feed.entries, whole.fingerprints, strict=True))
    assert {one: (entry.guid, mark) for one, entry, mark in found if one in part.skipped} == {
        one: known[one] for one in part.skipped
    }, later
    rest = [one for one in found if one[0] not in part.skipped]
    assert rest == list(zip(part.item_hashes, part.feed.entries, part.fingerprints, strict=True)), later
    assert replace(part.feed, entries=()) == replace(whole.feed, entries=()), later
    return True


@pytest.mark.parametrize("seed", range(4))
def test_skipped_items_make_no_difference_to_the_others(seed: int) -> None:
    chance, skipped, others = random.Random(seed), 0, list[bytes]()
    for _ in range(COUNT):
        body = invented(chance)
        if items := items_of(body):
            if not isinstance(read(body, NONE), str):
                skipped += is_same(body, later_document(body, others, chance))
            others = (items + others)[:20]
    assert skipped > COUNT // 20


def published() -> Iterator[bytes]:
    for path in sorted(Path(os.environ["INGESTD_CORPUS"]).rglob("*")):
        if path.suffix in (".xml", ".rss", ".atom", ".rdf"):
            yield path.read_bytes()


@pytest.mark.skipif("INGESTD_CORPUS" not in os.environ, reason="needs published feeds")
def test_skipped_items_of_published_feeds_make_no_difference() -> None:
    chance, skipped, others = random.Random(1), 0, list[bytes]()
    for body in published():
        if items := items_of(body):
            if not isinstance(read(body, NONE), str):
                skipped += sum(is_same(body, later_document(body, others, chance)) for _ in range(5)) > 0
            others = (items + others)[:20]
    assert skipped > 20


def rss(*items: str, head: str = "", version: str = "2.0") -> bytes:
    listed = "".join(items)
    return f"<rss version='{version}'><channel><title>F</title>{head}{listed}</channel></rss>".encode()


def item(number: int, more: str = "") -> str:
    return f"<item><guid isPermaLink='false'>{number}</guid><title>Story {number}</title>{more}</item>"


def skipped_in(later: bytes) -> int:
    """Return the number of items of a document that are skipped, of those in a first one with items 1 to 3."""
    first = parse_feed(rss(item(1), item(2), item(3)), URL, None, NONE)
    return len(parse_feed(later, URL, None, frozenset(filter(None, first.item_hashes))).skipped)


@pytest.mark.parametrize(
    ("later", "skipped"),
    [
        pytest.param(rss(item(4), item(1), item(2)), 2, id="window"),
        pytest.param(rss(item(1), item(2), item(3)), 3, id="nothing-new"),
        pytest.param(rss(item(1, "<link>/1</link>"), item(2)), 1, id="changed"),
        pytest.param(rss(item(1), item(2), head=f"<pubDate>{DATE}</pubDate><!-- x -->"), 2, id="date"),
        pytest.param(rss(item(1), item(2), head="<language>fr</language>"), 0, id="other-head"),
        pytest.param(rss(item(1), item(2), version="0.91"), 0, id="other-version"),
        pytest.param(rss(item(1), item(1)), 0, id="twice"),
        pytest.param(rss(item(1), item(4, "<pubDate>x</pubDate>")), 0, id="warning"),
        pytest.param(rss(item(1), item(2)).replace(b"Story 2", b"Fish & chips"), 0, id="malformed"),
        pytest.param(rss(item(1), "<item/>"), 0, id="empty-element"),
        pytest.param(rss(item(1), item(2)).replace(b"</channel>", HOURS + b"</channel>"), 0, id="hints-behind"),
        pytest.param(b"<?xml version='1.0' encoding='iso-8859-1'?>" + rss(item(1), item(2)), 0, id="encoding"),
        pytest.param(b"<!DOCTYPE rss>" + rss(item(1), item(2)), 0, id="document-type"),
    ],
)  # fmt: skip
def test_items_are_skipped_only_where_nothing_else_may_decide_how_they_are_read(later: bytes, skipped: int) -> None:
    assert skipped_in(later) == skipped


def test_items_are_read_again_when_the_element_behind_an_empty_date_has_changed() -> None:
    items = "".join(f"<entry><id>urn:{n}</id><title>S</title><link href='?p={n}'/></entry>" for n in (1, 2))
    first, later = (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><updated/><link href='{home}'/>{items}</feed>".encode()
        for home in ("https://a.example/", "https://b.example/")
    )
    known = frozenset(filter(None, parse_feed(first, URL, None, NONE).item_hashes))

    assert [entry.link for entry in parse_feed(later, URL, None, known).feed.entries] == [
        "https://b.example/?p=1",
        "https://b.example/?p=2",
    ]


def test_one_unreadable_item_beside_known_ones_never_costs_the_document() -> None:
    first = parse_feed(rss(item(1), item(2)), URL, None, NONE)
    bad = item(3, "<contributors/><contributor><name>x</name></contributor>")  # feedparser fails

    later = parse_feed(rss(bad, item(1), item(2)), URL, None, frozenset(filter(None, first.item_hashes)))

    assert [entry.guid for entry in later.feed.entries] == ["1", "2"]
    assert "entries left out: 3" in later.feed.warnings[0]


def test_white_space_before_a_document_takes_linear_time() -> None:
    started = process_time()

    assert slices_of(b" " * 2_000_000 + b"x", b"") is None

    assert process_time() - started < 10  # the square of its length would be hours


def test_an_item_with_a_date_in_figures_is_read_again_since_its_order_is_that_of_the_document() -> None:
    dates = [DATE, "13/04/2026 10:00", "<![CDATA[ Mon, 3.4.2026 ]]>", "&#49;3/04/2026", "2026-04-13T10:00:00Z"]
    slices = slices_of(rss(*(item(n, f"<pubDate>{date}</pubDate>") for n, date in enumerate(dates))), b"")

    assert slices
    assert [one is None for one in slices.hashes] == [False, True, True, True, False]

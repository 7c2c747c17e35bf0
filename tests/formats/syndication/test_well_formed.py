"""What is read without feedparser is what feedparser reads, field by field."""

import os
import random
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ingestd.errors import ParseError
from ingestd.formats import parse
from ingestd.formats.syndication import feedparser_document, well_formed
from ingestd.model.feed import Feed
from tests.formats.syndication.feed_variants import invented, variants
from tests.formats.syndication.test_syndication import URL, atom, rss
from tests.formats.test_fuzz import ATOM, RSS
from tests.support import soak

#: Documents per seed; $FEED_VARIANTS overrides it.
COUNT = int(os.environ.get("FEED_VARIANTS", "0")) or soak.size(75, 6_250)
TYPES = (None, None, "text/xml", "application/rss+xml; charset=utf-8", "text/xml; charset=iso-8859-1")


class Reader:
    """Parses documents with and without the fast reader, and counts those that it reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read = well_formed.read
        self._is_fast = True
        self.read = 0
        monkeypatch.setattr(feedparser_document.well_formed, "read", self._read_or_not)

    def _read_or_not(self, body: bytes, content_type: str | None) -> Any:
        found = self._read(body, content_type) if self._is_fast else None
        self.read += found is not None
        return found

    def both(self, body: bytes, content_type: str | None = None) -> tuple[object, object]:
        results: list[Feed | tuple[str, str]] = []
        for self._is_fast in (True, False):
            try:
                results.append(parse(body, url=URL, content_type=content_type))
            except ParseError as error:
                results.append((type(error).__name__, str(error)))
        return results[0], results[1]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(monkeypatch)


@pytest.mark.parametrize("seed", range(16))
def test_invented_and_altered_feeds_are_read_as_by_feedparser(reader: Reader, seed: int) -> None:
    chance = random.Random(seed)
    for body in islice(variants([RSS, ATOM, rss("<guid>1</guid>"), atom("<id>1</id>")], seed), COUNT):
        fast, slow = reader.both(body, chance.choice(TYPES))
        assert fast == slow, body
    assert reader.read > COUNT // 4  # most others are unlike any that is published


@pytest.mark.skipif("INGESTD_CORPUS" not in os.environ, reason="needs published feeds")
def test_published_feeds_are_read_as_by_feedparser(reader: Reader) -> None:
    count = 0
    for path in Path(os.environ["INGESTD_CORPUS"]).rglob("*"):
        if path.suffix in (".xml", ".rss", ".atom", ".rdf"):
            fast, slow = reader.both(path.read_bytes())
            assert fast == slow, path
            count += isinstance(slow, Feed) and slow.format.startswith(("rss", "atom"))
    assert reader.read >= 0.8 * count


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(RSS[:-10], id="malformed"),
        pytest.param(RSS.replace(b"<rss", b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss"), id="a document type"),
        pytest.param(RSS.decode().encode("utf-16"), id="utf-16"),
        pytest.param(ATOM.replace(b"<id>", b"<id xml:base='https://other.example/'>"), id="a base of one element"),
        pytest.param(
            b"<rss xml:base='https://a.example/'><channel><item>"
            b"<link xml:base='https://b.example/x/'>1</link></item></channel></rss>",
            id="a base of a link in a document with a base",
        ),
        pytest.param(
            b"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://a.example/'><entry><id>1</id>"
            b"<link xml:base='https://b.example/x/' href='1'/></entry></feed>",
            id="a base of a link's address in a document with a base",
        ),
        pytest.param(RSS.replace(b"<rss", b"<rss xmlns:x='urn:" + b"x" * 1_000 + b"'"), id="a long namespace"),
        pytest.param(ATOM.replace(b"type='html'", b"type='image/png'"), id="base64"),
        pytest.param(RSS.replace(b"<guid>1</guid>", b"<guid>1<b/></guid>"), id="an element in a text"),
        pytest.param(RSS.replace(b"<guid>", b"<links>x</links><guid>"), id="a name of feedparser's own"),
        pytest.param(RSS.replace(b"<item>", b"<item><item/>"), id="an entry in an entry"),
        pytest.param(
            RSS.replace(b"<ttl>", b"<textInput><url>x</url><link>http://input.example/</link></textInput><ttl>"),
            id="an address in a text input",
        ),
        pytest.param(RSS.replace(b"<rss", b"<rss xmlns:dc='urn:x:1' xmlns:DC='urn:x:2'"), id="one prefix twice"),
        pytest.param(RSS.replace(b"<ttl>", b"<x>" * 40 + b"</x>" * 40 + b"<ttl>"), id="nested deep"),
        pytest.param(RSS.replace(b"<ttl>", b"<x/>" * 300_000 + b"<ttl>"), id="a tree that is large"),
    ],
)
def test_a_document_that_is_unlike_others_is_left_to_feedparser(reader: Reader, body: bytes) -> None:
    fast, slow = reader.both(body)

    assert fast == slow
    assert reader.read == 0


def test_the_variants_are_the_same_in_each_run() -> None:
    assert [invented(random.Random(3)) for _ in range(3)] == [invented(random.Random(3)) for _ in range(3)]

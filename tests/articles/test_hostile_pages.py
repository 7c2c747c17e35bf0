"""Hostile pages: each gives its text or an error, within a worker's limits of time and memory."""

import random
from collections.abc import AsyncIterator

import pytest

from ingestd.workers.pool import Pool
from tests.articles.measured import measure
from tests.support.soak import size

MIB = 2**20
SENTENCE = "The mayor said on Monday that the bridge over the narrows would stay closed until the autumn. "
STORY = f"<p>{SENTENCE * 9}</p>"
HEAD = "<title>Bridge stays closed</title><h1>Bridge stays closed</h1>"
LD = "<script type='application/ld+json'>"
RANDOM = random.Random(4).randbytes(MIB)


#: CPU seconds for a page.
LIMIT = size(5, 10)
#: Bytes of a page whose size alone is hostile.
LARGE = size(2, 10) * MIB
#: Counts beyond the limits that `ingestd.articles.body` has on tags, elements and depth.
TAGS, ELEMENTS, DEPTH = size(420_000, 2_000_000), size(52_000, 100_000), size(20_000, 100_000)
#: What the pages just below these limits are divided by.
FEW = size(4, 1)


def many(line: str, count: int) -> str:
    return "".join(line.format(number) for number in range(count))


#: Pages by name: those of TEXT keep SENTENCE, those of REASON fail with an error that contains the words.
TEXT = {
    "large-in-paragraphs": lambda: HEAD + many(f"<p>{{}} {SENTENCE}</p>", ELEMENTS),
    "large-in-one-paragraph": lambda: f"{HEAD}<p>{SENTENCE * (LARGE // 95)}</p>",
    "large-script": lambda: f"{HEAD}{STORY}<script>{'var a=1;' * (LARGE // 8)}</script>",
    "many-class-names": lambda: f"{HEAD}{STORY}<div class='{'x y-z ' * (LARGE // 6)}'></div>",
    "empty-tags": lambda: f"{HEAD}{STORY}{'<b></b>' * (TAGS * 3 // 4)}",
    "lone-tags": lambda: f"{HEAD}{STORY}{'<p>a ' * TAGS}",
    "nested": lambda: HEAD + "<div>" * DEPTH + STORY + "</div>" * DEPTH,
    "nested-in-marks": lambda: HEAD + "<div class='sidebar'>" * 240 + STORY * (5000 // FEW),
    "unclosed": lambda: HEAD + many(f"<div><b><p>{{}} {SENTENCE}", DEPTH),
    "unclosed-in-lines": lambda: HEAD + "<span>" * DEPTH + SENTENCE * 9,
    "links": lambda: HEAD + many("<a href='/story/{0}'>Story number {0}</a> ", ELEMENTS) + STORY,
    "lists-of-links": lambda: HEAD + many("<li><a href='/{0}'>Story number {0}</a></li>", 24_000 // FEW) + STORY,
    "names-that-all-differ": lambda: many(
        f"<div id='share{{0}}' class='a{{0}} b-c'>{{0}} {SENTENCE}</div>", 45_000 // FEW
    ),
    "lines": lambda: HEAD + many(f"{{}} {SENTENCE}<br>", 40_000 // FEW),
    "tables-in-tables": lambda: f"{HEAD}{'<table><tr><td>' * min(DEPTH, 30_000)}{STORY}",
    "references": lambda: f"{HEAD}<p>{SENTENCE}{'&amp;&nbsp;' * (1_000_000 // FEW)}</p>",
    "unclosed-json": lambda: HEAD + LD + '"articleBody":"x' * DEPTH + "</script>" + STORY * 9,
}  # fmt: skip
REASON = {
    "binary": (lambda: RANDOM, "not text"),
    "picture": (lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF" + RANDOM, "not text"),
    "pdf": (lambda: b"%PDF-1.7\n" + b"1 0 obj << /Type /Catalog >>\n" * 9, "not text"),
    "nothing-but-nul": (lambda: bytes(LARGE), "empty"),
    "empty": (lambda: b"", "empty"),
    "open-tags": (lambda: b"<a" * (LARGE // 2), "no text"),
    "open-comments": (lambda: b"<!--" * (LARGE // 5), "empty"),
}


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    async with Pool(processes=1, timeout=60, preload=("ingestd.articles",), recycle_after=1) as pool:
        yield pool


@pytest.mark.parametrize("name", TEXT)
async def test_a_hostile_page_keeps_its_text_within_the_limits(pool: Pool, name: str) -> None:
    found = await pool.run(measure, TEXT[name]().encode())

    assert SENTENCE.strip() in found.text, found.reason
    assert (found.cpu < LIMIT, found.resident < 300) == (True, True), (found.cpu, found.resident)


@pytest.mark.parametrize("name", REASON)
async def test_input_that_is_no_page_fails_within_the_limits(pool: Pool, name: str) -> None:
    body, reason = REASON[name]

    found = await pool.run(measure, body())

    assert (found.text, reason in found.reason) == ("", True), found.reason
    assert (found.cpu < LIMIT, found.resident < 300) == (True, True), (found.cpu, found.resident)


async def test_a_wrong_charset_loses_no_letters(pool: Pool) -> None:
    story = "Die Brücke über die Enge bleibt bis zum Herbst gesperrt, sagte der Bürgermeister."

    found = await pool.run(measure, f"<meta charset=utf-8>{HEAD}<p>{story * 9}</p>".encode("latin-1"))

    assert story in found.text

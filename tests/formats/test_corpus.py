"""Real wire files, intact and damaged; collected only if INGESTD_CORPUS names a folder with such files.

INGESTD_CORPUS_ROUNDS is the number of damaged variants for each file (20).
"""

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from ingestd.errors import ParseError
from ingestd.formats import parse
from ingestd.renderers.ninjs import render
from tests.formats.test_fuzz import check

CORPUS = Path(os.environ["INGESTD_CORPUS"])
ROUNDS = int(os.environ.get("INGESTD_CORPUS_ROUNDS", "20"))
FILES = sorted(
    path
    for path in CORPUS.rglob("*")
    if path.is_file() and path.name != "MANIFEST.tsv" and not path.name.endswith(".expected.json")
)


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Return the body with bytes flipped, cut, inserted or doubled, one to four times."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice((1, 1, 3, 10, 40, 400)))
        kind = chance.randrange(4)
        if kind == 0:
            body = body[:start] + bytes(byte ^ chance.randrange(1, 256) for byte in body[start:end]) + body[end:]
        elif kind == 1:
            body = body[:start] + body[end:]
        elif kind == 2:
            body = body[:start] + chance.randbytes(chance.randint(1, 20)) + body[start:]
        else:
            body = body[:start] + body[start:end] * 2 + body[end:]
    return body


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_a_randomly_damaged_file_is_a_feed_or_a_parse_error(path: Path) -> None:
    body, chance = path.read_bytes(), random.Random(path.name)
    check(body, None)
    for _ in range(ROUNDS):
        check(damaged(body, chance), None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_items_rendered_as_ninjs_are_read_back_unchanged(path: Path) -> None:
    try:
        items = [entry.item for entry in parse(path.read_bytes(), url="http://localhost/").entries if entry.item]
    except ParseError:
        return
    for item in items:
        (back,) = parse(render(item), url="http://localhost/").entries
        public = tuple(note for note in item.ednotes if note.public)
        assert back.item
        assert replace(back.item, warnings=()) == replace(item, ednotes=public, warnings=())

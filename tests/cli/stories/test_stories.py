"""`ingestd stories`: what it lists, shows, finds and changes."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records import operator_decisions
from tests.cli.running import ingestd
from tests.support.outcomes import NOON
from tests.support.stories import cut, publish, report


@pytest.fixture
def told(either: Path, database_url: str) -> Path:
    """Records 1 and 3 are story 1, record 2 is another one."""

    async def work() -> None:
        now = datetime.now(UTC)
        async with Database(with_async_driver(database_url)) as database:
            await publish(database, "https://apnews.com/feed", report(1), report(2), at=now)
            await publish(database, "https://paper.example/feed", cut(report(1), 4), at=now + timedelta(seconds=1))
            await Placer(database).place_all()

    asyncio.run(work())
    return either


def test_stories_are_listed_by_their_records(told: Path) -> None:
    [story] = ingestd(told, "stories", "list", "--json").json
    assert (story["id"], story["origin_record"], story["agency"], story["publishers"]) == (1, 1, "AP", 2)
    assert [one["record_id"] for one in story["copies"]] == [1, 3]

    assert len(ingestd(told, "stories", "list", "--records", 1, "--json").json) == 2
    assert "AP" in ingestd(told, "stories", "list").out


def test_a_story_tells_whose_text_each_record_has(told: Path) -> None:
    done = ingestd(told, "stories", "show", 1)
    assert "record 3: text: 100% of it is in record 1" in done.out
    assert "origin by no agency" in done.out

    story = ingestd(told, "stories", "show", 1, "--json").json
    assert (story["first_record"], story["copies"][1]["share"]) == (3, 1)
    missing = ingestd(told, "stories", "show", 9)
    assert (missing.status, "no story 9" in missing.error) == (2, True)


def test_stories_are_found_by_the_words_of_their_records(told: Path) -> None:
    word = report(1).split()[40].strip(".")

    [story] = ingestd(told, "stories", "search", word, "--json").json

    assert story["id"] == 1
    assert ingestd(told, "stories", "search", "unheard-of", "--json").json == []


def test_a_killed_record_is_shown_without_its_words(told: Path, database_url: str) -> None:
    async def kill() -> None:
        async with Database(with_async_driver(database_url)) as database, database.write() as connection:
            await operator_decisions.kill(connection, 1, actor="tester", reason=None, now=NOON)

    asyncio.run(kill())
    headline = " ".join(report(1).split()[:6])

    hidden = ingestd(told, "stories", "show", 1, "--json").json
    shown = ingestd(told, "stories", "show", 1, "--include-withheld", "--json").json

    assert [one["headline"] for one in hidden["copies"]] == [None, headline]
    assert [one["headline"] for one in shown["copies"]] == [headline, headline]


def test_stories_are_split_merged_and_rebuilt(told: Path) -> None:
    assert ingestd(told, "stories", "split", 3, "--json").json == {"story": 3, "split_from": 1}
    assert ingestd(told, "stories", "merge", 3, 1, "--json").json == {"story": 1, "merged": 3}
    assert ingestd(told, "stories", "rebuild", "--anew", "--json").json == {"placed": 3}
    assert ingestd(told, "stories", "rebuild").out == "records placed: 0\n"

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

FIGURES = "The harbour master said that 12 people were hurt when the ferry touched the north slip on Monday evening."


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

    assert len(ingestd(told, "stories", "list", "--min-carriers", 1, "--json").json) == 2
    assert "AP" in ingestd(told, "stories", "list").out


def test_a_story_tells_whose_text_each_record_has(told: Path) -> None:
    done = ingestd(told, "stories", "show", 1)
    assert "record 3: text: 100% of it is in record 1" in done.out
    assert "AP, credited by none; its own document is record 1" in done.out
    assert "origin: no credit of its own, its text is nearest to that of apnews.com" in done.out
    assert ("carriers\t2\n" in done.out, "publishers\t2\n" in done.out) == (True, True)

    story = ingestd(told, "stories", "show", 1, "--json").json
    assert (story["first_record"], story["copies"][1]["share"]) == (3, 1)
    missing = ingestd(told, "stories", "show", 9)
    assert (missing.status, "no story 9" in missing.error) == (2, True)


def test_stories_are_chosen_by_time_agency_and_publishers(told: Path) -> None:
    def listed(*options: object) -> list[int]:
        return [story["id"] for story in ingestd(told, "stories", "list", "--json", *options).json]

    assert listed("--min-carriers", 1) == [1, 2]
    assert listed("--min-carriers", 1, "--skip", 1) == [2]
    assert listed("--min-carriers", 1, "--limit", 1) == [1]
    assert listed("--agency", "Associated Press", "--min-carriers", 1) == [1, 2]
    assert listed("--agency", "AFP") == listed("--min-publishers", 3) == listed("--since", "2100-01-01") == []
    found = ingestd(told, "stories", "search", report(1).split()[40].strip("."), "--agency", "AFP")
    assert (found.status, "every word must occur in one of its records" in found.error) == (0, True)
    assert 'no agency may be named "AFP": the column "origin" has the names, every word' in found.error
    assert (
        "no stories; --skip leaves out the first 9, --since 30d" in ingestd(told, "stories", "list", "--skip", 9).error
    )


def test_a_story_tells_its_carriers_versions_and_changes(told: Path, database_url: str) -> None:
    async def work() -> None:
        other = "".join(f"{'21' if word == '12' else word} " for word in FIGURES.split(" "))
        async with Database(with_async_driver(database_url)) as database:
            await publish(database, "https://times.example/feed", f"{report(3)}\n\n{FIGURES} {report(4)}")
            await publish(database, "https://post.example/feed", f"{report(3)}\n\n{other}{report(4)}")
            await Placer(database).place_all()

    asyncio.run(work())

    story = ingestd(told, "stories", "show", 3, "--json").json
    assert story["copies"][1]["changed"] == [
        {"theirs": "12", "own": "21", "where": "harbour master said that 21 people were hurt when"}
    ]
    assert [carrier["publisher"] for one in story["copies"] for carrier in one["carriers"]] == [
        "times.example", "post.example",
    ]  # fmt: skip
    assert [version["change"] for version in story["copies"][0]["versions"]] == ["new"]
    assert story["origin"] == "times.example, the first; no agency is credited; record 4"
    assert 'changed: 12 → 21, in "harbour master' in ingestd(told, "stories", "show", 3).out


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


def test_a_record_without_a_text_cannot_be_split_and_is_told_so(told: Path, database_url: str) -> None:
    async def work() -> None:
        async with Database(with_async_driver(database_url)) as database:
            await publish(database, "https://wire.example/feed", "")
            await Placer(database).place_all()

    asyncio.run(work())

    assert "record 4 is in no story: it has no text" in ingestd(told, "stories", "split", 4).error


def test_stories_are_split_merged_and_rebuilt(told: Path) -> None:
    assert ingestd(told, "stories", "split", 3, "--json").json == {"story": 3, "split_from": 1}
    assert ingestd(told, "stories", "merge", 3, 1, "--json").json == {"story": 1, "merged": 3}
    assert ingestd(told, "stories", "rebuild", "--anew", "--json").json == {"placed": 3}
    assert ingestd(told, "stories", "rebuild").out == "records placed: 0\n"


def test_what_cannot_be_done_is_said(told: Path) -> None:
    def error(*words: object) -> str:
        done = ingestd(told, "stories", *words)
        assert done.status == 2, done
        return done.error.strip()

    assert error("merge", 1, 1) == "story 1 cannot be merged with itself"
    assert error("merge", 1, 9) == "no story 9; `ingestd stories list` shows the day's most carried ones"
    assert error("split", 2) == "record 2 is alone in story 2: there is nothing to split it from"
    assert error("split", 9) == "no record 9; `ingestd stories show STORY` has the numbers of its records"
    assert ingestd(told, "stories", "merge", 1, 2).status == 0
    assert error("merge", 1, 2) == "story 2 was merged into story 1: name that one"
    shown = ingestd(told, "stories", "show", 2)
    assert (shown.status, shown.error) == (0, "story 2 was merged into story 1\n")
    assert "an operator has put it together" in shown.out


def test_an_empty_list_says_why(either: Path, database_url: str) -> None:
    async def work() -> None:
        async with Database(with_async_driver(database_url)) as database:
            await publish(database, "https://paper.example/feed", report(1))

    assert ingestd(either, "db", "upgrade").status == 0
    assert "there are no sources yet" in ingestd(either, "stories", "list").error
    asyncio.run(work())
    assert "no record is placed in a story yet" in ingestd(either, "stories", "list").error
    assert "no record is placed yet" in ingestd(either, "stories", "show", 1).error
    assert ingestd(either, "stories", "list", "--json").error == ""
    either.write_text(either.read_text() + "stories = false\n")
    assert "turned off (stories = false)" in ingestd(either, "stories", "search", "ferry").error

"""Lists that are empty say so on stderr, and what to do next; with --json they print nothing but JSON."""

from pathlib import Path

import pytest

from tests.backfill.backfills import atom
from tests.cli.running import ingestd
from tests.support.papers import Papers

NO_SOURCES = "there are no sources yet: `ingestd sources add URL` adds one\n"
NOT_POLLED = "no source was polled yet; `ingestd run` polls them\n"

#: Commands whose list is empty for want of sources, and the beginning of their notes.
LISTS = (
    (("records", "list"), "no records"),
    (("records", "search", "ferry"), "no record matches"),
    (("records", "export"), "no records to export"),
    (("failures", "list"), "no failures"),
    (("failures", "list", "--quarantined"), "no entry is quarantined"),
    (("gaps", "list"), "no gaps"),
    (("gaps", "list", "--state", "open"), "no gap is open"),
    (("events",), "no events"),
    (("filter", "try", "ferry"), "no events"),
)
OTHERS = (
    (("sources", "list"), NO_SOURCES),
    (("sources", "list", "--only", "failing"), "no source is failing; `ingestd sources list` lists all\n"),
    (("sources", "export"), NO_SOURCES),
    (("coverage",), NO_SOURCES),
    (("backfill", "list"), "no backfills yet; `ingestd backfill --help` lists the commands that begin one\n"),
    (("records", "purges"), "nothing was purged; `ingestd records purge` erases records\n"),
)


def name_of(value: object) -> str | None:
    return " ".join(value) if isinstance(value, tuple) else None


@pytest.fixture
def empty(either: Path) -> Path:
    """Settings of a database with a schema and no rows."""
    assert ingestd(either, "db", "upgrade").status == 0
    return either


@pytest.mark.parametrize(
    ("arguments", "note"), [*((list_, f"{what}: {NO_SOURCES}") for list_, what in LISTS), *OTHERS], ids=name_of
)
def test_an_empty_database_says_what_is_missing(empty: Path, arguments: tuple[str, ...], note: str) -> None:
    assert ingestd(empty, *arguments).error == note
    assert ingestd(empty, *arguments, "--json").error == ""


@pytest.mark.parametrize(("arguments", "what"), LISTS, ids=name_of)
def test_sources_that_were_not_polled_are_the_reason(config: Path, arguments: tuple[str, ...], what: str) -> None:
    ingestd(config, "sources", "add", "https://news.example/feed.xml", "--unchecked")

    assert ingestd(config, *arguments).error == f"{what}: {NOT_POLLED}"


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (("records", "list"), "no records; `ingestd failures list` and `ingestd why URL` say why\n"),
        (("records", "list", "--source", "1"), "no records; without --source, --since and --status all are listed\n"),
        (("records", "search", "ferry"), "no record matches; every word must occur in it; WORD* finds words that"),
        (("gaps", "list", "--state", "accepted"), "no gap is accepted\n"),
        (("failures", "list"), "no failures\n"),
        (("events",), "no events; --follow waits for the next one\n"),
        (("poll",), "nothing was due; `ingestd poll SOURCE` polls one now\n"),
    ],
    ids=name_of,
)
def test_after_a_poll_of_an_empty_feed_the_filters_are_named(
    papers: Papers, config: Path, arguments: tuple[str, ...], note: str
) -> None:
    assert ingestd(config, "sources", "add", papers.publish("/feed.xml", atom())).status == 0

    assert ingestd(config, *arguments).error.startswith(note)


@pytest.mark.parametrize("arguments", [("sources", "list"), ("backfill", "list"), ("events",), ("records", "export")])
def test_a_list_creates_no_database(config: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = ingestd(config, *arguments)

    assert done.status == 2
    assert "there is no database at " in done.error
    assert not list(tmp_path.rglob("*.db"))


def test_an_unknown_state_of_gaps_is_refused(empty: Path) -> None:
    done = ingestd(empty, "gaps", "list", "--state", "foo")

    assert (done.status, done.error) == (2, "--state: 'foo' should be one of open, repaired, accepted\n")

"""`ingestd filter try` and `ingestd records export --filter`."""

import json
from pathlib import Path

import pytest

from tests.cli.running import ingestd
from tests.cli.test_events import keep


@pytest.fixture
def kept(either: Path, database_url: str) -> Path:
    """A log of four events: a record that two sources carry, and two others."""
    keep(database_url, "one", "Ferry", "Umbrella")
    keep(database_url, "two", "Ferry", 'The "Otter" crosses')
    return either


def test_the_last_events_are_tried_newest_first(kept: Path) -> None:
    done = ingestd(kept, "filter", "try", "ferry", "--json")

    assert [(one["seq"], one["matches"], one["against"]) for one in done.json] == [
        (4, False, ["ferry"]),
        (3, True, []),
        (2, False, ["ferry"]),
        (1, True, []),
    ]
    assert [one["seq"] for one in ingestd(kept, "filter", "try", "", "--json", "--limit", 2).json] == [4, 3]
    assert ingestd(kept, "filter", "try", "", "--json", "--since", "2026-02-01").json == []


def test_a_table_says_what_is_against_an_event(kept: Path) -> None:
    done = ingestd(kept, "filter", "try", "site:two.example -otter")

    assert done.status == 0
    header, otter, *_ = done.out.splitlines()
    assert header.split("\t") == ["matches", "seq", "at", "kind", "record", "headline", "against"]
    assert otter.split("\t")[0] == "no"
    assert otter.endswith("\t-otter")
    assert done.error == "2 of 4 events match\n"


def test_an_error_says_where_it_is(kept: Path) -> None:
    done = ingestd(kept, "filter", "try", "ferry colour:red")

    assert done.status == 2
    assert done.out == ""
    assert done.error.startswith("filter, column 7: no field 'colour'; use one of source, site,")
    assert len(done.error.splitlines()) == 1


def test_an_export_has_the_records_that_match(kept: Path) -> None:
    done = ingestd(kept, "records", "export", "--filter", "site:one.example -headline:ferry")

    assert [json.loads(line)["headline"] for line in done.out.splitlines()] == ["Umbrella"]


@pytest.mark.parametrize("text", ["kind:new", "ferry -(kind:killed)"])
def test_an_export_refuses_kinds_of_events(kept: Path, text: str) -> None:
    done = ingestd(kept, "records", "export", "--filter", text)

    assert (done.status, done.out) == (2, "")
    assert "leave `kind:` out" in done.error

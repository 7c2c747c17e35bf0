"""Wire items and a daemon that is killed: embargoes end on time, whichever process runs then."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestd.times import iso
from tests.daemon.processes import Start, change, eventually, rows
from tests.support.agency import ninjs

STATUSES = "SELECT item_guid, pubstatus FROM records ORDER BY item_guid"


def drop(folder: Path, name: str, **said: object) -> None:
    whole = folder / f".{name}"
    whole.write_text(json.dumps(ninjs(**said)))  # type: ignore[arg-type]
    whole.rename(folder / f"{name}.json")


def test_an_embargo_that_ends_while_no_daemon_runs_is_released_at_the_start(
    start: Start, wire: Path, database_url: str
) -> None:
    daemon = start()
    daemon.logged("watching")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    drop(wire, "a", guid="urn:newsml:a.example:1", embargoed=iso(tomorrow))
    drop(wire, "b", guid="urn:newsml:a.example:2", embargoed=iso(tomorrow))
    drop(wire, "c", guid="urn:newsml:a.example:3", pubstatus="withheld")
    eventually(lambda: len(rows(database_url, STATUSES)) == 3, lambda: daemon.lines)
    daemon.kill()
    # It ends only now: on a busy machine, seconds would pass before the daemon is killed.
    past = (datetime.now(UTC) - timedelta(seconds=1)).replace(tzinfo=None)
    ends = f"release_at = '{past.isoformat(' ')}'"
    change(database_url, f"UPDATE records SET {ends} WHERE item_guid = 'urn:newsml:a.example:1'")

    again = start()
    again.logged("released")

    assert again.end() == 0
    assert rows(database_url, STATUSES) == [
        ("urn:newsml:a.example:1", "usable"), ("urn:newsml:a.example:2", "withheld"),
        ("urn:newsml:a.example:3", "withheld"),
    ]  # fmt: skip
    assert rows(database_url, "SELECT kind FROM events WHERE kind = 'released'") == [("released",)]


def test_an_embargo_ends_by_the_wall_clock_even_when_it_jumps(start: Start, wire: Path, database_url: str) -> None:
    daemon = start()
    daemon.logged("watching")
    drop(wire, "a", guid="urn:newsml:a.example:1", embargoed=iso(datetime.now(UTC) + timedelta(days=1)))
    daemon.logged("polled")

    # With the clock two days ahead, the embargo ends two days earlier.
    ahead = (datetime.now(UTC) - timedelta(days=1)).replace(tzinfo=None)
    change(database_url, f"UPDATE records SET release_at = '{ahead.isoformat(' ')}'")
    daemon.logged("released")

    assert daemon.end() == 0
    assert rows(database_url, STATUSES) == [("urn:newsml:a.example:1", "usable")]

"""Draining a node: real daemons, asked through the database."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli import running
from tests.daemon.processes import Start, change, eventually, ingestd, rows


def node(config: Path, name: str) -> dict[str, Any]:
    done = running.ingestd(config, "nodes", "list", "--json")
    assert done.status == 0, done.error
    return next(one for one in json.loads(done.out) if one["name"] == name)


def becomes(config: Path, name: str, state: str) -> None:
    eventually(lambda: node(config, name)["state"] == state, lambda: node(config, name))


def drop(folder: Path, name: str) -> None:
    part = folder / f".{name}.part"
    part.write_text(
        json.dumps(
            {"guid": f"urn:newsml:{name}", "version": "1", "headline": name, "body_text": f"The text of {name}."}
        )
    )
    part.rename(folder / name)


def test_a_drained_node_holds_nothing_and_works_again_when_it_is_resumed(
    start: Start, config: Path, wire: Path, database_url: str
) -> None:
    daemon = start(INGESTD_NODE="fra1")
    first = daemon.logged("started")["address"]
    assert node(config, "fra1")["state"] == "active"
    drop(wire, "one.json")
    eventually(lambda: rows(database_url, "SELECT count(*) FROM records") == [(1,)], lambda: daemon.lines)

    ingestd(config, "nodes", "drain", "fra1")
    assert daemon.logged("draining")["node"] == "fra1"
    daemon.logged("drained")

    becomes(config, "fra1", "drained")
    shown = node(config, "fra1")
    assert (shown["claimed_sources"], shown["claimed_entries"], shown["sites"]) == (0, 0, 0)
    assert shown["address"] == first  # it goes on to answer there
    # What comes now waits.
    drop(wire, "two.json")
    ingestd(config, "nodes", "resume", "fra1")
    daemon.logged("started", 2)
    eventually(lambda: rows(database_url, "SELECT count(*) FROM records") == [(2,)], lambda: daemon.lines)
    assert [line["event"] for line in daemon.lines].count("resuming") == 1
    assert daemon.end() == 0
    assert node(config, "fra1")["state"] == "stopped"


def test_a_drained_node_stays_without_work_when_it_is_started_again(
    start: Start, config: Path, wire: Path, database_url: str
) -> None:
    daemon = start(INGESTD_NODE="fra1")
    daemon.logged("started")
    ingestd(config, "nodes", "drain", "fra1")
    daemon.logged("drained")
    assert daemon.end() == 0
    assert node(config, "fra1")["state"] == "drained"
    drop(wire, "one.json")

    again = start(INGESTD_NODE="fra1")
    again.logged("drained")

    assert rows(database_url, "SELECT count(*) FROM records") == [(0,)]
    assert again.end() == 0


def test_what_does_not_end_within_the_stop_timeout_is_handed_over(
    start: Start, config: Path, wire: Path, database_url: str
) -> None:
    """A parser that is stopped keeps its poll from its end: the claim is released all the same."""
    config.write_text(config.read_text() + "stop_timeout = 0\n")
    daemon = start(INGESTD_NODE="fra1")
    daemon.logged("started")
    change(database_url, "UPDATE sources SET claims = claims + 1, run_id = (SELECT run_id FROM nodes), due_at = due_at")

    ingestd(config, "nodes", "drain", "fra1")
    daemon.logged("drained")

    assert rows(database_url, "SELECT count(*) FROM sources WHERE run_id IS NOT NULL") == [(0,)]
    assert daemon.end() == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_killed_node_is_lost_and_its_folder_goes_on_elsewhere(
    start: Start, config: Path, wire: Path, database_url: str
) -> None:
    ours, other = start(INGESTD_NODE="fra1"), start(INGESTD_NODE="ams1")
    ours.logged("started")
    other.logged("started")
    ingestd(config, "sources", "set", "1", "--node", "fra1")
    ours.process.send_signal(signal.SIGKILL)
    ours.ended()
    becomes(config, "fra1", "lost")
    drop(wire, "one.json")
    assert node(config, "fra1")["own_sources"] == 1

    ingestd(config, "nodes", "remove", "fra1", "--move-to", "ams1")

    eventually(lambda: rows(database_url, "SELECT count(*) FROM records") == [(1,)], lambda: other.lines)
    assert other.end() == 0

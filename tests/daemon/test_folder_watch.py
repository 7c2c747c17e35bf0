"""Drop folders and the daemon as a process: every file is read at once and exactly once, whatever is killed."""

import threading
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ingestd.store.records.content import unpack
from tests.daemon.processes import PATIENCE, Start, ingestd, rows
from tests.support.desk import OTHER
from tests.support.dropping import drop, item, names, write
from tests.support.soak import size

CURRENT = (
    "SELECT e.guid, v.headline, v.content FROM entries e JOIN records r ON r.id = e.record_id "
    "JOIN revisions v ON v.record_id = r.id AND v.revision = r.revision"
)


def text(number: int) -> str:
    return f"{number} ferries went out. {OTHER}"


def current(database_url: str) -> dict[Any, Any]:
    return {
        guid: (headline, f"{headline}: " in unpack(body)["body_text"])
        for guid, headline, body in rows(database_url, CURRENT)
    }


def test_a_file_moved_into_the_folder_is_read_at_once(
    start: Start, config: Path, wire: Path, database_url: str
) -> None:
    config.write_text(config.read_text() + "settle = '1h'\n")  # nothing is ever whole by waiting
    daemon = start()
    daemon.logged("watching")
    write(wire, "half.json", item("urn:half")[:50])

    for number in range(3):
        drop(wire, f"{number}.json", item(f"urn:{number}", text=text(number)))
        daemon.logged("saved", number + 1)

    assert daemon.end() == 0
    assert names(wire) == {"half.json", "done", "error"}
    assert names(wire / "done") == {"0.json", "1.json", "2.json"}
    assert rows(database_url, "SELECT count(*) - count(story_id), count(*) - max(seq) FROM events") == [(3, 0)]


def test_an_unreadable_file_is_moved_aside_and_logged(
    start: Start, config: Path, wire: Path, database_url: str
) -> None:
    daemon = start()
    daemon.logged("started")

    drop(wire, "bad.xml", b"<html><p>no wire</p></html>")
    said = daemon.logged("file cannot be read")
    drop(wire, "good.json", item("urn:good"))
    daemon.logged("saved")

    assert daemon.end() == 0
    assert said["file"] == "bad.xml"
    assert names(wire / "error") == {"bad.xml", "bad.xml.reason"}
    assert rows(database_url, "SELECT error, stage, source_id FROM failures") == [("UnknownFormat", "parse", 1)]
    assert rows(database_url, "SELECT condition, failures FROM sources") == [("ok", 0)]


def test_repeated_kills_while_files_arrive_lose_and_duplicate_nothing(
    start: Start, config: Path, wire: Path, database_url: str
) -> None:
    config.write_text(config.read_text() + "settle = '1s'\n")
    truth = {}
    turns = size(2, 3)
    for turn in range(turns):
        daemon = start()
        daemon.logged("started")
        for number in range(turn * 20, turn * 20 + 20):
            drop(wire, f"{number}.json", item(f"urn:{number}", f"Ferry {number}", text=text(number)))
            truth[f"urn:{number}"] = (f"Ferry {number}", True)
            if number % 4 == 3:  # a correction of an item of some time ago, left as a careless sender does
                old = number - 3
                write(wire, f"{number}-again.json", item(f"urn:{old}", f"Ship {old}", text=text(old)))
                truth[f"urn:{old}"] = (f"Ship {old}", True)
        daemon.logged("saved", 3)
        daemon.kill()

    ingestd(config, "poll", str(wire))

    assert current(database_url) == truth
    assert names(wire) == {"done", "error"}
    assert (len(names(wire / "done")), names(wire / "error")) == (25 * turns, set())
    assert rows(database_url, "SELECT count(*), count(DISTINCT guid) FROM entries") == [(20 * turns, 20 * turns)]
    assert rows(database_url, "SELECT count(*) FROM records") == [(20 * turns,)]
    assert rows(database_url, "SELECT count(*) - max(seq) FROM events") == [(0,)]
    assert rows(database_url, "SELECT count(*) FROM failures") == [(0,)]


def pushed(address: str, source: str, body: bytes) -> int:
    """Push one item; the caller repeats a push that was not acknowledged."""
    try:
        with urlopen(Request(f"{address}v1/inbox/{source}", data=body), timeout=PATIENCE) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code
    except OSError:  # it was killed
        return 0


def test_kills_while_an_agency_drops_and_pushes_lose_and_duplicate_nothing(
    start: Start, config: Path, wire: Path, database_url: str
) -> None:
    truth: dict[str, tuple[str, bool]] = {}
    unsaid: list[bytes] = []
    turns = size(3, 4)
    for turn in range(turns):
        daemon = start()
        address = daemon.logged("started")["address"]
        unsaid = [body for body in unsaid if pushed(address, "1", body) != 202]
        for number in range(turn * 12, turn * 12 + 12):
            body = item(f"urn:{number}", f"Ferry {number}", text=text(number))
            truth[f"urn:{number}"] = (f"Ferry {number}", True)
            if number % 3 != 1:
                drop(wire, f"{number}.json", body)
            if number % 12 == 8 and turn < turns - 1:
                killer = threading.Thread(target=daemon.kill)
                killer.start()  # in the middle of what the next pushes ask for
            if number % 3 != 0 and pushed(address, "1", body) != 202:
                unsaid.append(body)
        if turn < turns - 1:
            killer.join()
    unsaid = [body for body in unsaid if pushed(address, "1", body) != 202]
    assert (unsaid, daemon.end()) == ([], 0)

    ingestd(config, "poll", str(wire))

    assert current(database_url) == truth
    assert (names(wire), len(names(wire / "done"))) == ({"done", "error"}, 8 * turns)
    assert rows(database_url, "SELECT count(*), count(DISTINCT guid) FROM entries") == [(12 * turns, 12 * turns)]
    assert rows(database_url, "SELECT count(*) FROM records") == [(12 * turns,)]
    assert rows(database_url, "SELECT count(*) FROM revisions") == [(12 * turns,)]
    assert rows(database_url, "SELECT count(*) FROM failures") == [(0,)]

"""A wire story on its way through a daemon into a folder and into a feed, and its kill after it."""

import json
from pathlib import Path
from urllib.request import urlopen

from ingestd.formats import parse
from ingestd.model.item import Item
from tests.daemon.processes import Start, eventually, ingestd
from tests.support.agency import ninjs

GUID = "urn:newsml:a.example:1"


def drop(folder: Path, name: str, **said: object) -> None:
    whole = folder / f".{name}"
    whole.write_text(json.dumps(ninjs(guid=GUID, **said)))  # type: ignore[arg-type]
    whole.rename(folder / f"{name}.json")


def items_in(folder: Path) -> list[Item]:
    """Return the items of the files in a folder, in the order of their names."""
    found = []
    for path in sorted(folder.iterdir()):
        (entry,) = parse(path.read_bytes(), url="https://a.example/").entries
        assert entry.item
        found.append(entry.item)
    return found


def test_a_story_and_its_kill_arrive_in_a_folder_and_in_a_feed(start: Start, wire: Path, tmp_path: Path) -> None:
    newsroom = tmp_path / "newsroom"
    newsroom.mkdir()
    daemon = start()
    address = daemon.logged("started")["address"].rstrip("/")
    daemon.logged("watching")
    config = tmp_path / "ingestd.toml"
    ingestd(config, "consumers", "add", "desk", "--kind", "feed", "--form", "thin")
    ingestd(
        config, "consumers", "add", "newsroom", "--kind", "files",
        "--set", f"folder={newsroom}", "--set", "format=newsml-g2",
    )  # fmt: skip

    drop(wire, "a")
    eventually(lambda: len(list(newsroom.glob("*-new-*.xml"))) == 1, lambda: daemon.lines)
    with urlopen(f"{address}/feeds/desk.atom", timeout=60) as reply:
        before = parse(reply.read(), url=address)
    drop(wire, "b", version=2, pubstatus="canceled", headline="KILL: Mayor opens ferry", body_text="Kill it.")
    eventually(lambda: len(list(newsroom.glob("*-killed-*.xml"))) == 1, lambda: daemon.lines)
    with urlopen(f"{address}/feeds/desk.atom", timeout=60) as reply:
        after = parse(reply.read(), url=address)

    assert daemon.end() == 0
    story, kill = items_in(newsroom)
    assert (story.guid, story.headline, story.pubstatus) == (GUID, "Mayor opens ferry", "usable")
    assert (kill.guid, kill.headline, kill.body_text, kill.pubstatus) == (GUID, None, None, "canceled")
    assert [entry.headline for entry in before.entries] == ["Mayor opens ferry"]
    assert (after.entries, [one.guid for one in after.deleted]) == ((), [before.entries[0].guid])

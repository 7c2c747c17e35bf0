"""Wire items on the command line: hidden ones, earlier versions, export as ninjs."""

import asyncio
import json
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestd.formats import parse
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema import migrate
from tests.cli.running import Done, ingestd
from tests.support.agency import NOON, keep_versions, ninjs
from tests.support.outcomes import claimed

GUID = "urn:newsml:harbour.example:1"
KILL = {"pubstatus": "canceled", "body_text": "", "headline": "KILL: mayor"}
NOTES = {"ednote": "Adds weather.", "subject": [{"code": "medtop:20000538", "name": "politics"}], "urgency": 4}


def run(database_url: str, work: Any) -> None:
    async def with_database() -> None:
        await migrate.upgrade(with_async_driver(database_url))
        async with Database(with_async_driver(database_url)) as database:
            [own] = await claimed(database, "https://harbour.example/wire", 1)
            coroutine: Coroutine[Any, Any, None] = work(database, own.source_id)
            await coroutine

    asyncio.run(with_database())


@pytest.fixture
def killed(either: Path, database_url: str) -> Path:
    """A story of noon, corrected after one hour and killed after two; a withheld story, and another."""

    async def work(database: Database, source_id: int) -> None:
        hour = timedelta(hours=1)
        await keep_versions(database, source_id, NOON, ninjs(version=1), ninjs(f"{GUID}7", 1, headline="Harvest fair"))
        await keep_versions(
            database, source_id, NOON, ninjs(f"{GUID}8", 1, headline="Harvest prize", pubstatus="withheld")
        )
        await keep_versions(database, source_id, NOON + hour, ninjs(version=2, signals=["correction"], **NOTES))
        await keep_versions(
            database, source_id, NOON + 2 * hour, ninjs(version=3, **KILL), ninjs(version=1, title="late")
        )

    run(database_url, work)
    return either


def headlines(config: Path, *arguments: str) -> list[str]:
    out = ingestd(config, "records", *arguments).out
    return sorted(json.loads(line)["headline"] for line in out.splitlines())


def test_killed_and_withheld_records_are_shown_only_on_request(killed: Path) -> None:
    def listed(*arguments: str) -> set[str]:
        return {record["headline"] for record in ingestd(killed, "records", *arguments, "--json").json}

    assert listed("list") == {"Harvest fair"}
    assert listed("list", "--status", "canceled") == {"Mayor opens ferry"}
    assert listed("list", "--status", "all") == {"Mayor opens ferry", "Harvest fair", "Harvest prize"}
    assert listed("search", "harvest") == {"Harvest fair"}
    assert listed("search", "harvest", "--status", "withheld") == {"Harvest prize"}
    assert listed("search", "mayor") == {"Harvest fair"}  # its text has the mayor
    assert headlines(killed, "export") == ["Harvest fair"]
    assert headlines(killed, "export", "--status", "all") == ["Harvest fair", "Harvest prize", "Mayor opens ferry"]
    assert ingestd(killed, "records", "list", "--status", "dead").status == 2


@pytest.mark.parametrize(
    ("as_of", "revision", "pubstatus"),
    [("2026-03-01T12:30Z", 1, "usable"), ("2026-03-01T13:30Z", 2, "usable"), ("2026-03-01T15:00Z", 3, "canceled")],
)
def test_as_of_shows_a_wire_item_as_it_was(killed: Path, as_of: str, revision: int, pubstatus: str) -> None:
    then = ingestd(killed, "records", "show", GUID, "--as-of", as_of, "--json").json

    assert (then["revision"], then["pubstatus"], then["version"]) == (revision, pubstatus, str(revision))


def test_a_wire_item_is_shown_with_all_its_fields(killed: Path) -> None:
    def show(*arguments: str) -> Done:
        return ingestd(killed, "records", "show", GUID, *arguments, "--include-withheld")

    shown, text, revisions = show("--json").json, show().out, show("--revisions", "--json").json

    assert (shown["guid"], shown["id_origin"], shown["pubstatus"]) == (GUID, "source", "canceled")
    assert shown["body_text"] == "The mayor opens version 2 of the ferry."
    assert "KILL: mayor" in text
    assert [(one["change"], one["pubstatus"]) for one in revisions] == [
        ("new", "canceled"), ("corrected", "canceled"), ("killed", "canceled"), ("late", "canceled"),
    ]  # fmt: skip
    assert revisions[1]["subject"][0]["uri"] == "http://cv.iptc.org/newscodes/mediatopic/20000538"
    assert "urgency: 4" in "\n".join(show("--diff").out.splitlines())


def test_private_notes_are_shown_only_on_request(either: Path, database_url: str) -> None:
    note = {"role": "telephone", "value": "Call 555-0100"}

    async def work(database: Database, source_id: int) -> None:
        message = {"urn": GUID, "version": 1, "version_created": "2026-03-01T12:00:00Z", "headline": "Fair"}
        message |= {
            "article_html": "<p>It rains.</p>",
            "ednotes": [{**note, "ednote": note["value"], "is_publishable": False}],
        }
        await keep_versions(database, source_id, NOON, message)

    run(database_url, work)

    for arguments in (["show", GUID, "--json"], ["show", GUID], ["show", GUID, "--revisions", "--json"],
                      ["export"], ["export", "--format", "ninjs"], ["export", "--format", "nitf"],
                      ["export", "--format", "newsml-g2"]):  # fmt: skip
        assert "555-0100" not in ingestd(either, "records", *arguments).out
    assert "555-0100" in ingestd(either, "records", "show", GUID, "--private").out


def test_exported_ninjs_is_parsed_back_unchanged(killed: Path) -> None:
    lines = ingestd(killed, "records", "export", "--format", "ninjs", "--status", "all").out.splitlines()
    exported = [json.loads(line) for line in ingestd(killed, "records", "export", "--status", "all").out.splitlines()]
    items = [parse(line.encode(), url="https://harbour.example/").entries[0].item for line in lines]

    assert [item.guid for item in items if item] == [record["guid"] for record in exported]
    for item, record in zip(items, exported, strict=True):
        assert item
        assert (item.pubstatus, item.version, item.headline) == tuple(
            record[name] for name in ("pubstatus", "version", "headline")
        )
        assert (item.body_text, item.body_html, item.urgency) == tuple(
            record[name] for name in ("body_text", "body_html", "urgency")
        )
        assert [concept.uri for concept in item.subject] == [concept["uri"] for concept in record["subject"]]
        assert [note.text for note in item.ednotes] == [note["text"] for note in record["ednotes"]]
    assert ingestd(killed, "records", "export", "--format", "cobol").status == 2


def test_why_takes_the_guid_of_a_wire_item(killed: Path) -> None:
    printed = ingestd(killed, "why", GUID).out

    assert [line.split(": ")[1] for line in printed.splitlines() if "identity" in line] == [
        "new", "corrected", "killed", "late",
    ]  # fmt: skip
    assert ingestd(killed, "why", "urn:nobody").status == 2

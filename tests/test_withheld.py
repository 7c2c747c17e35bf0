"""What is withheld, embargoed or killed appears in no output unless somebody asks for it, and that is logged.

`COMMANDS_WALKED` and `ROUTES_WALKED` name every command and route: a new one fails here until it is added, either with
the ways to call it or with the reason why it cannot show an item.
"""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import insert, select, text, update
from structlog.testing import capture_logs

from ingestd.cli.commands import COMMANDS, Command
from ingestd.daemon.health import Health
from ingestd.daemon.http import server
from ingestd.daemon.http.access import Access
from ingestd.daemon.pages.status_page import StatusPage
from ingestd.daemon.service import Service
from ingestd.delivery import streams
from ingestd.model.consumer import FailedMessage
from ingestd.pipeline.embargo_release import release_due
from ingestd.pipeline.runtime import open_runtime
from ingestd.pipeline.stories.placer import Placer
from ingestd.renderers import forms
from ingestd.renderers.feeds import FEED_RENDERERS
from ingestd.renderers.forms.form import Form
from ingestd.settings import Listen, Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import consumers, failures
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.times import iso
from tests.cli.conftest import write_config
from tests.cli.running import ingestd
from tests.daemon.processes import Daemon, eventually, rows
from tests.daemon.services import be_patient
from tests.support.agency import ninjs
from tests.support.papers import Papers

#: Words of headline, text, byline, description, slugline and address; each in every secret item and nowhere else.
SECRETS = ("zanzibar", "quokka", "featherstone", "marzipan", "xylophone")

TOKEN = "a token that is long enough"
LISTEN = Listen(host="127.0.0.1", port=0)

WITHHELD, EMBARGOED, KILLED, TOMBSTONE, RECALLED = (f"urn:newsml:a.example:{n}" for n in range(1, 6))
GUIDS = (WITHHELD, EMBARGOED, KILLED, TOMBSTONE, RECALLED)
USABLE = "urn:newsml:a.example:9"


def secret(guid: str, version: int = 1, **fields: object) -> dict[str, Any]:
    return ninjs(
        guid,
        version,
        headline=f"Zanzibar merger {version}",
        body_text=f"The quokka, version {version}, takes over.",
        byline="By Jo Featherstone",
        description_text="A marzipan deal",
        slugline="XYLOPHONE",
        **fields,
    )


def documents() -> list[dict[str, Any]]:
    """Return a withheld, an embargoed, a killed, a tombstoned and a recalled item, and one that may be published."""
    tomorrow = iso(datetime.now(UTC) + timedelta(days=1))
    return [
        secret(WITHHELD, pubstatus="withheld"),
        secret(EMBARGOED, embargoed=tomorrow),
        secret(KILLED),
        secret(KILLED, 2, signals=["correction"]),
        secret(KILLED, 3, pubstatus="canceled") | {"body_text": "", "headline": "KILL: Zanzibar"},
        secret(TOMBSTONE, pubstatus="canceled"),
        secret(RECALLED),
        secret(RECALLED, 2, pubstatus="withheld"),
        ninjs(USABLE, 1, headline="Harvest fair"),
    ]


async def give_addresses(database: Database) -> None:
    """Give every secret item an address that spells its headline, and a failure that quotes it."""
    now = datetime.now(UTC)
    async with database.write() as connection:
        c = tables.entries.c
        hidden = select(tables.records.c.id).where(tables.records.c.item_guid.in_(GUIDS))
        found = (await connection.execute(select(c.id, c.source_id, c.record_id).where(c.guid.in_(GUIDS)))).all()
        for row in found:
            url = f"https://a.example/xylophone-{row.id}"
            await connection.execute(update(tables.entries).where(c.id == row.id).values(url=url))
            failure = {"at": now, "stage": "fetch", "error": "Refused", "message": f"{url}: HTTP 500", "attempt": 1,
                       "url": url, "source_id": row.source_id, "entry_id": row.id}  # fmt: skip
            await connection.execute(insert(tables.failures).values(failure))
        for row in (await connection.execute(hidden)).all():
            uri = f"https://a.example/record/xylophone-{row.id}"
            await connection.execute(update(tables.records).where(tables.records.c.id == row.id).values(uri=uri))
        await connection.execute(
            update(tables.carriers)
            .where(tables.carriers.c.record_id.in_(hidden.scalar_subquery()))
            .values(url="https://a.example/carrier/xylophone")
        )
        evidence = {"entry_id": found[0].id, "kind": "404", "at": now, "words": "xylophone answered HTTP 404"}
        await connection.execute(insert(tables.evidence).values(evidence))
        one = update(tables.entries).where(c.id == found[0].id)
        await connection.execute(one.values(state="quarantined"))


async def repeat_messages(database: Database) -> None:
    """Give a consumer failures at which its endpoint repeated what it was sent about items that are secret now."""
    e, now = tables.events.c, datetime.now(UTC)
    async with database.write() as connection:
        desk = await consumers.add(connection, name="echo", kind="webhook", settings={"url": "http://a/"}, now=now)
        await consumers.set_state(connection, "echo", "paused")
        hidden = select(tables.records.c.id).where(tables.records.c.item_guid.in_(GUIDS))
        sent = select(e.seq, e.record_id).where(e.record_id.in_(hidden), e.kind.not_in(("killed", "withheld")))
        for row in (await connection.execute(sent)).all():
            echo: Any = {"consumer_id": desk.id, "seq": row.seq, "status": 302, "error": "HTTP 302 to /xylophone",
                         "excerpt": "you sent Zanzibar, the quokka"}  # fmt: skip
            failed: Any = {"state": "dead", "attempts": 10, "first_at": now, "last_at": now, "next_at": None}
            await failures.save(connection, [FailedMessage(**echo, **failed, record_id=row.record_id)])
            await failures.add_attempts(connection, [failures.Attempt(**echo, attempt=1, at=now, delivered=False)])


async def place_in_stories(database: Database) -> None:
    """Place all records; each then quotes a word of the killed one, which is in another story than the usable one."""
    await Placer(database).place_all()
    copies, records = tables.copies, tables.records
    async with database.write() as connection:
        killed = await connection.execute(select(records.c.id).where(records.c.item_guid == KILLED))
        quoted = {"of_record": killed.scalar_one(), "of_document": 0.9, "of_member": 0.9, "changed": [["quokka", "12"]]}
        await connection.execute(update(copies).values(quoted))


def leaks(output: str) -> list[str]:
    return [word for word in SECRETS if word in output.lower()]


@pytest.fixture
def stored(either: Path, database_url: str) -> tuple[Path, list[Any]]:
    """A database with these items, received through an inbox, and what was logged meanwhile."""
    settings = Settings(state_dir=either.parent / "state", database_url=database_url, extractors=1)

    async def work() -> None:
        async with open_runtime(settings, role="daemon") as runtime:
            service = Service(runtime, max_polls=2, max_pages=2, per_site=1)
            async with runtime.database.write() as connection:
                source_id, _ = await sources.add(connection, "inbox:wire", now=datetime.now(UTC))
            async with server.serve(Health(service), LISTEN) as base, aiohttp.ClientSession(base) as client:
                for document in documents():
                    async with client.post(f"v1/inbox/{source_id}", data=json.dumps(document)) as reply:
                        assert reply.status == 202, await reply.text()
            await release_due(runtime.database)
            await give_addresses(runtime.database)
            await repeat_messages(runtime.database)
            await place_in_stories(runtime.database)

    with capture_logs() as logged:
        asyncio.run(work())
    return either, list(logged)


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Path:
    return write_config(tmp_path, database_url)


def test_all_items_are_stored_and_the_log_has_nothing_of_them(
    stored: tuple[Path, list[Any]], database_url: str
) -> None:
    statuses = dict(rows(database_url, "SELECT item_guid, pubstatus FROM records"))

    assert statuses == {
        WITHHELD: "withheld", EMBARGOED: "withheld", KILLED: "canceled", TOMBSTONE: "canceled", RECALLED: "withheld",
        USABLE: "usable",
    }  # fmt: skip
    assert leaks(str(stored[1])) == []


# ---- commands

NO_ITEMS = "prints no item"
OWN_FILE = "prints what is in a file that the operator names"

#: Of the messages that endpoints have refused and repeated.
ATTEMPTS = [[str(seq)] for seq in range(1, 10)]

#: Command → the ways to call it, or why it cannot show an item.
COMMANDS_WALKED: dict[str, list[list[str]] | str] = {
    "run": "test_the_log_of_the_daemon_has_nothing_of_them",
    "try": "test_try_prints_nothing_of_them",
    "sources add": [["inbox:other"]],
    "sources list": [[], ["--json"]],
    "sources show": [["1"], ["1", "--json"]],
    "sources set": [["1", "--title", "Wire"]],
    "nodes list": [[], ["--json"]],
    "nodes drain": NO_ITEMS,
    "nodes resume": NO_ITEMS,
    "nodes remove": NO_ITEMS,
    "nodes require": NO_ITEMS,
    "sources pause": [["1"]],
    "sources resume": [["1"]],
    "sources remove": [["2"]],
    "sources import": OWN_FILE,
    "sources export": [[]],
    "poll": [[], ["--json"]],
    "backfill archive": NO_ITEMS,
    "backfill sitemap": NO_ITEMS,
    "backfill urls": NO_ITEMS,
    "backfill files": "test_a_backfill_prints_nothing_of_them",
    "backfill list": [[], ["--json"]],
    "backfill resume": NO_ITEMS,
    "backfill cancel": NO_ITEMS,
    "reprocess": [["--all"], ["--all", "--json"], ["--all", "--dry-run", "--samples", "100"]],
    "records list": [[], ["--json"], ["--status", "usable"]],
    "records show": [
        [guid, *how, *as_json]
        for guid in (*GUIDS, USABLE)
        for how in ([], ["--revisions"], ["--diff"], ["--private"], ["--as-of", "1s"], ["--as-of", "2100-01-01"])
        for as_json in ([], ["--json"])
    ],
    "records search": [[word, *as_json] for word in ("harvest", *SECRETS) for as_json in ([], ["--json"])],
    "records kill": [["1", "--reason", "libel"], ["2", "--json"]],
    "records release": [["3"], ["3", "--json"]],
    "records purges": [[], ["--json"]],
    "records purge": [["1", "--dry-run"], ["1", "--dry-run", "--json"]],
    "records export": [
        [],
        ["--filter", "headline:zanzibar"],
        ["--format", "ninjs"],
        ["--format", "nitf"],
        ["--format", "newsml-g2"],
    ],
    "stories list": [["--min-carriers", "1", *as_json] for as_json in ([], ["--json"])],
    "stories show": [[str(number), *as_json] for number in range(1, 5) for as_json in ([], ["--json"])],
    "stories search": [[word, *as_json] for word in ("harvest", *SECRETS) for as_json in ([], ["--json"])],
    "stories split": [["1"], ["3", "--json"], ["6"]],
    "stories merge": [["1", "2"], ["2", "1", "--json"]],
    "archive move": NO_ITEMS,
    "archive show": [
        [name, *how] for name in (*GUIDS, USABLE, "1", "HASH") for how in ([], ["--json"], ["--body"], ["--limit", "1"])
    ],
    "events": [[], ["--json"], ["--kind", "killed"], ["--kind", "withheld", "--json"]],
    "filter try": [
        [text, *as_json]
        for text in ("", "headline:harvest", "source:1", "-status:usable")
        for as_json in ([], ["--json"])
    ],
    "coverage": [[], ["--json"]],
    "gaps list": [[], ["--json"]],
    "gaps accept": NO_ITEMS,
    "gaps repair": NO_ITEMS,
    "why": [[guid, *as_json] for guid in (*GUIDS, USABLE) for as_json in ([], ["--json"])],
    "failures list": [[], ["--json"], ["--quarantined"], ["--quarantined", "--json"]],
    "failures retry": [[]],
    "consumers add": [["desk", "--kind", "webhook", "--set", "url=http://127.0.0.1:9/", "--from-start"]],
    "consumers list": [[], ["--json"]],
    "consumers show": [["desk"], ["desk", "--json"], ["desk", "--secrets"]],
    "consumers set": [["desk", "--form", "full"]],
    "consumers pause": [["desk"]],
    "consumers resume": [["desk"]],
    "consumers failures": [["echo", *how, *as_json] for how in ([], *ATTEMPTS) for as_json in ([], ["--json"])],
    "consumers seek": [["desk", "--end"]],
    "consumers replay": [["desk", "--from", "1", "--to", "3"], ["desk", "--from", "1", "--json"]],
    "consumers redeliver": [["desk", "--all"], ["desk", "1-3", "--json"]],
    "consumers drop": [["desk", "1"]],
    "consumers test": [["desk"], ["desk", "--json"]],
    "consumers rotate": [["desk"]],
    "consumers remove": [["desk"]],
    "clean": OWN_FILE,
    "parse": OWN_FILE,
    "health": "asks the daemon, whose routes are walked",
    "db upgrade": [[], ["--check"]],
    "db current": [[]],
    "db check": [[]],
    "db backup": [["BACKUP"], ["BACKUP-2", "--json"]],
    "db restore": "prints what was restored, in numbers",
    "db copy": "prints what was copied, in numbers",
    "db usage": [[], ["--json"]],
    "db prune": [["--dry-run"], ["--dry-run", "--json"]],
    "db repair": [["--dry-run"], ["--dry-run", "--json"], []],
    "stories rebuild": [[], ["--anew", "--json"]],
    "tokens add": [["reader", "--role", "read"], ["another", "--role", "admin", "--json"]],
    "tokens list": [[], ["--json"]],
    "tokens revoke": [["reader"]],
    "demo": "its own database, of invented news",
    "config show": [[], ["--json"]],
    "config check": NO_ITEMS,
}


def names() -> set[str]:
    found = set()
    for entry in COMMANDS:
        leaves = [entry.name] if isinstance(entry, Command) else [f"{entry.name} {one.name}" for one in entry.commands]
        found |= {*leaves}
    return found


def test_every_command_is_walked() -> None:
    assert COMMANDS_WALKED.keys() == names()


def test_no_command_prints_anything_of_them(stored: tuple[Path, list[Any]], database_url: str, tmp_path: Path) -> None:
    config, found = stored[0], {}
    [(hash_of_killed,), *_] = rows(database_url, "SELECT raw FROM revisions WHERE headline LIKE 'Zanzibar%'")
    for name, ways in COMMANDS_WALKED.items():
        for arguments in ways if isinstance(ways, list) else ():
            words = [str(tmp_path / word) if word.startswith("BACKUP") else word for word in arguments]
            words = [hash_of_killed if word == "HASH" else word for word in words]
            done = ingestd(config, *name.split(), *words)
            output = done.out + done.error
            # A word that was searched for may be printed back.
            asked = {word for word in words if word in SECRETS}
            if shown := set(leaks(output)) - asked:
                found[name, *words] = shown
            assert "withheld content shown" not in done.error, (name, words)

    assert found == {}


ASKED = [
    ["records", "list"], ["records", "list", "--json"], ["records", "search", "zanzibar"], ["records", "export"],
    ["records", "export", "--format", "ninjs"], *(["records", "show", guid] for guid in GUIDS),
    ["records", "show", KILLED, "--revisions"], ["records", "show", KILLED, "--diff"], ["events"], ["events", "--json"],
    ["why", KILLED], ["failures", "list"], ["failures", "list", "--quarantined"],
    ["archive", "show", KILLED, "--body"], ["stories", "list", "--min-carriers", "1"], ["stories", "show", "1"],
    ["stories", "search", "zanzibar"], ["consumers", "failures", "echo"],
]  # fmt: skip


def test_a_command_shows_them_when_asked_and_logs_that(stored: tuple[Path, list[Any]]) -> None:
    for arguments in ASKED:
        done = ingestd(stored[0], *arguments, "--include-withheld")
        [logged] = map(json.loads, done.error.splitlines())
        command = arguments[0] if arguments[0] in ("events", "why") else " ".join(arguments[:2])

        assert leaks(done.out) != [], arguments
        assert logged["event"] == "withheld content shown"
        assert logged["command"].startswith(command)


@pytest.mark.parametrize("status", ["withheld", "canceled", "all"])
def test_a_status_that_is_asked_for_by_name_is_shown_and_logged(stored: tuple[Path, list[Any]], status: str) -> None:
    done = ingestd(stored[0], "records", "export", "--status", status)

    assert "zanzibar" in leaks(done.out)
    assert [json.loads(line)["event"] for line in done.error.splitlines()] == ["withheld content shown"]


def test_a_redacted_record_keeps_what_identifies_it(stored: tuple[Path, list[Any]]) -> None:
    shown = ingestd(stored[0], "records", "show", KILLED, "--json").json

    assert (shown["guid"], shown["pubstatus"], shown["revision"], shown["version"]) == (KILLED, "canceled", 3, "3")
    assert (shown["headline"], shown["body_text"], shown["carriers"][0]["source_url"]) == (None, None, "inbox:wire")


def test_try_prints_nothing_of_them(papers: Papers, config: Path) -> None:
    feed = papers.publish("/wire", json.dumps(documents()).encode())

    for arguments in ([], ["--json"], ["--pages", "20"], ["--pages", "20", "--json"]):
        done = ingestd(config, "try", feed, *arguments)
        assert leaks(done.out + done.error) == [], arguments
        assert "Harvest fair" in done.out
    assert leaks(ingestd(config, "try", feed, "--include-withheld").out) != []


def test_a_backfill_prints_nothing_of_them(config: Path, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    for number, document in enumerate(documents()):
        (folder / f"{number}.json").write_text(json.dumps(document))

    done = ingestd(config, "backfill", "files", str(folder))

    assert leaks(done.out + done.error) == []
    assert ingestd(config, "records", "list").out.count("Harvest fair") == 1


@pytest.fixture
def papers() -> Any:
    papers = Papers()
    yield papers
    papers.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)


def test_the_log_of_the_daemon_has_nothing_of_them(either: Path, database_url: str, tmp_path: Path) -> None:
    wire = tmp_path / "wire"
    wire.mkdir()
    either.write_text(either.read_text() + "log_format = 'json'\nlog_level = 'debug'\nsettle = 0\n")
    assert ingestd(either, "sources", "add", str(wire)).status == 0
    daemon = Daemon(either)
    try:
        daemon.logged("watching")
        for number, document in enumerate(documents()):
            whole = wire / f".{number}"
            whole.write_text(json.dumps(document))
            whole.rename(wire / f"{number}.json")
        eventually(lambda: len(rows(database_url, "SELECT id FROM records")) == 6, lambda: daemon.lines)
    finally:
        status = daemon.end()

    assert status == 0
    assert leaks(str(daemon.lines)) == []


# ---- routes

FORMS = ("thin", "full", "ninjs")

A_CONSUMER = "answers with the consumer"

#: (method, route) → the paths to request, or why it cannot show an item.
ROUTES_WALKED: dict[tuple[str, str], list[str] | str] = {
    ("GET", "/livez"): ["/livez"],
    ("GET", "/readyz"): ["/readyz"],
    ("GET", "/health"): ["/health"],
    ("GET", "/metrics"): ["/metrics"],
    ("GET", "/"): ["/"],
    ("GET", "/login"): ["/login"],
    ("POST", "/login"): "redirects to the page, or shows the form",
    ("POST", "/logout"): "redirects to the page",
    ("GET", "/v1/records"): [
        *(f"/v1/records?form={form}&status={status}" for form in FORMS for status in ("usable", "all", "canceled")),
        *(f"/v1/records?q={word}" for word in SECRETS),
    ],
    ("GET", "/v1/records/{id}"): [f"/v1/records/{guid}?form={form}" for guid in GUIDS for form in FORMS],
    ("GET", "/v1/records/{id}/revisions"): [f"/v1/records/{guid}/revisions" for guid in GUIDS],
    ("GET", "/v1/records/{id}/diff"): [f"/v1/records/{guid}/diff" for guid in GUIDS],
    ("GET", "/v1/records/{id}/carriers"): [f"/v1/records/{guid}/carriers" for guid in GUIDS],
    ("GET", "/v1/stories"): ["/v1/stories?min_carriers=1", "/v1/stories?q=harvest", "/v1/stories?q=zanzibar"],
    ("GET", "/v1/stories/{id}"): [f"/v1/stories/{number}" for number in (1, 2)],
    ("GET", "/v1/sources"): ["/v1/sources", "/v1/sources?problems=true"],
    ("POST", "/v1/sources"): NO_ITEMS,
    ("GET", "/v1/sources/{id}"): ["/v1/sources/1"],
    ("PATCH", "/v1/sources/{id}"): NO_ITEMS,
    ("DELETE", "/v1/sources/{id}"): NO_ITEMS,
    ("POST", "/v1/sources/{id}/pause"): NO_ITEMS,
    ("POST", "/v1/sources/{id}/resume"): NO_ITEMS,
    ("POST", "/v1/sources/{id}/poll"): NO_ITEMS,
    ("GET", "/v1/gaps"): ["/v1/gaps"],
    ("POST", "/v1/gaps/{id}/accept"): NO_ITEMS,
    ("POST", "/v1/gaps/{id}/repair"): NO_ITEMS,
    ("GET", "/v1/failures"): ["/v1/failures", "/v1/failures?quarantined=true"],
    ("POST", "/v1/failures/retry"): NO_ITEMS,
    ("GET", "/v1/backfills"): ["/v1/backfills"],
    ("POST", "/v1/backfills/{id}/cancel"): NO_ITEMS,
    ("GET", "/v1/coverage"): ["/v1/coverage"],
    ("GET", "/v1/why"): [f"/v1/why?url={guid}" for guid in GUIDS],
    ("GET", "/v1/events"): ["/v1/events", "/v1/events?kind=killed", "/v1/events?kind=withheld"],
    ("GET", "/v1/stream"): "never ends; `test_no_message_has_anything_of_them` reads it",
    ("GET", "/v1/consumers/{name}/events"): "hands out, which `test_no_message_has_anything_of_them` checks",
    ("POST", "/v1/consumers/{name}/ack"): "answers with numbers",
    ("GET", "/v1/consumers"): ["/v1/consumers"],
    ("GET", "/v1/consumers/{name}"): ["/v1/consumers/echo"],
    ("GET", "/v1/consumers/{name}/failures"): ["/v1/consumers/echo/failures"],
    ("GET", "/v1/consumers/{name}/failures/{seq}"): [f"/v1/consumers/echo/failures/{seq}" for seq in range(1, 10)],
    ("POST", "/v1/consumers"): A_CONSUMER,
    ("PATCH", "/v1/consumers/{name}"): A_CONSUMER,
    ("DELETE", "/v1/consumers/{name}"): "answers with nothing",
    ("POST", "/v1/consumers/{name}/pause"): A_CONSUMER,
    ("POST", "/v1/consumers/{name}/resume"): A_CONSUMER,
    ("POST", "/v1/consumers/{name}/seek"): A_CONSUMER,
    ("POST", "/v1/consumers/{name}/rotate"): "answers with a secret",
    ("POST", "/v1/consumers/{name}/replay"): "answers with a number",
    ("POST", "/v1/consumers/{name}/redeliver"): "answers with a number",
    ("POST", "/v1/consumers/{name}/drop"): "answers with a number",
    ("POST", "/v1/consumers/{name}/test"): "sends an example that is no item",
    ("GET", "/openapi.json"): ["/openapi.json"],
    ("GET", "/v1/docs"): ["/v1/docs"],
    ("POST", "/v1/inbox/{source}"): "receives, and answers with numbers",
    ("GET", "/feeds/{name}.{suffix}"): [f"/feeds/everything.{one.name}" for one in FEED_RENDERERS],
    ("GET", "/feeds/{name}/{archive}.{suffix}"): "tests/daemon/http/test_feeds.py kills what is in an archive",
    ("GET", "/websub/{token}"): "answers with the challenge of the hub",
    ("POST", "/websub/{token}"): "receives, and answers with nothing",
}


@pytest.fixture
async def service(
    stored: tuple[Path, list[Any]], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Service]:
    be_patient(monkeypatch)
    settings = Settings(state_dir=tmp_path / "state", database_url=database_url, extractors=1)
    async with open_runtime(settings, role="daemon") as runtime:
        async with runtime.database.write() as connection:
            now = datetime.now(UTC)
            await consumers.add(connection, name="everything", kind="feed", settings={"public": True}, now=now)
        yield Service(runtime, max_polls=2, max_pages=2, per_site=1, callback="http://127.0.0.1/websub")


async def test_every_route_is_walked(service: Service) -> None:
    health = Health(service)
    app = server.application(health, StatusPage(health), LISTEN, Access.with_token(TOKEN))

    found = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}

    assert {(method, path) for method, path in found if method != "HEAD"} == ROUTES_WALKED.keys()


async def test_no_route_answers_anything_of_them(service: Service) -> None:
    found = {}
    with capture_logs() as logged:
        async with (
            server.serve(Health(service), LISTEN, Access.with_token(TOKEN)) as base,
            aiohttp.ClientSession(base, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
        ):
            for paths in ROUTES_WALKED.values():
                for path in paths if isinstance(paths, list) else ():
                    async with client.get(path) as reply:
                        assert reply.status == 200, path
                        if shown := leaks(await reply.text()):
                            found[path] = shown

    assert found == {}
    assert logged == []


@pytest.mark.parametrize("form", forms.FORMS, ids=lambda form: form.name)
async def test_no_message_has_anything_of_them(service: Service, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "COMMENT_EVERY", 0.1)
    async with service.runtime.database.write() as connection:
        await consumers.add(connection, name="desk", kind="pull", form=form.name, after=0, now=datetime.now(UTC))
        last = await event_log.last_seq(connection)
    read, pulled = "", [""]
    async with (
        server.serve(Health(service), LISTEN, Access.with_token(TOKEN)) as base,
        aiohttp.ClientSession(base, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        async with client.get("/v1/stream", params={"after": 0, "form": form.name}) as stream:
            while f": {last}\n" not in read:
                read += (await stream.content.readany()).decode()
        while '"lease": null' not in pulled[-1]:
            async with client.get("/v1/consumers/desk/events", params={"limit": 7}) as batch:
                pulled.append(await batch.text())
            if lease := json.loads(pulled[-1])["lease"]:
                async with client.post("/v1/consumers/desk/ack", json={"lease": lease["token"]}) as done:
                    assert done.status == 200

    assert "event: killed" in read
    assert '"kind": "withheld"' in "".join(pulled)
    assert leaks(read + "".join(pulled)) == []


async def test_the_page_marks_what_is_killed_withheld_and_corrected(service: Service) -> None:
    health = Health(service)
    page = await StatusPage(health).render()
    await health.close()

    assert page.count("(withheld)</span>") >= 3
    assert page.count("(killed)</span>") == 2
    assert "Harvest fair" in page


@pytest.mark.parametrize("path", ["/v1/events", "/v1/consumers/echo/failures", f"/v1/why?url={KILLED}"])
async def test_a_route_shows_them_when_asked_with_the_token_and_logs_that(service: Service, path: str) -> None:
    path += ("&" if "?" in path else "?") + "include_withheld=true"
    with capture_logs() as logged:
        async with (
            server.serve(Health(service), LISTEN, Access.with_token(TOKEN)) as base,
            aiohttp.ClientSession(base) as client,
        ):
            async with client.get(path) as refused:
                assert (refused.status, leaks(await refused.text())) == (401, [])
            async with client.get(path, headers={"Authorization": f"Bearer {TOKEN}"}) as reply:
                assert (reply.status, leaks(await reply.text()) != []) == (200, True)

    assert [(line["event"], line["client"]) for line in logged] == [("withheld content shown", "127.0.0.1")]


@pytest.mark.parametrize("path", ["/v1/events?include_withheld=true", f"/v1/why?url={KILLED}&include_withheld=true"])
async def test_without_a_token_nobody_is_shown_them(service: Service, path: str) -> None:
    """Whoever can connect from this host need not be allowed to read the database."""
    async with (
        server.serve(Health(service), LISTEN) as base,
        aiohttp.ClientSession(base) as client,
        client.get(path) as reply,
    ):
        assert (reply.status, leaks(await reply.text())) == (403, [])
        assert "api_token" in await reply.text()


async def test_an_error_of_the_database_does_not_quote_what_was_to_be_saved(database_url: str) -> None:
    """It is logged with its traceback, which ends with the statement."""
    async with Database(with_async_driver(database_url)) as database:
        with pytest.raises(Exception, match="no_such_table") as caught:
            async with database.write() as connection:
                await connection.execute(text("INSERT INTO no_such_table VALUES (:headline)"), {"headline": SECRETS[0]})

    assert leaks("".join(traceback.format_exception(caught.value))) == []

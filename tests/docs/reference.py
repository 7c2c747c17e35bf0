"""Write the tables of settings, commands and metrics into the documentation: `python -m tests.docs.reference`.

Each table stands between two comments in its page; docs/openapi.json is written whole.  A test fails when a page
differs from what this writes, so every setting, command, metric and route is documented, in the words that the program
itself uses.
"""

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from ingestd.cli.app import load
from ingestd.cli.commands import COMMANDS, Command
from ingestd.daemon.health import Health
from ingestd.daemon.http.v1.openapi import document
from ingestd.daemon.http.v1.routes import ROUTES
from ingestd.daemon.metrics import Metrics
from ingestd.delivery.consumer_settings import SendingSettings
from ingestd.delivery.engine.deliveries import Deliveries
from ingestd.delivery.engine.item import Totals
from ingestd.delivery.kinds import find_kind
from ingestd.settings import Settings
from ingestd.store.consumers import consumers
from ingestd.store.schema.tables import sources
from ingestd.units import show_duration
from tests.daemon.services import add_source, open_service

DOCS = Path(__file__).parents[2] / "docs"


def settings() -> Iterator[str]:
    """Yield a table of the settings, in the order of the model."""
    # A test compares that file with the model: it shows each default as an operator writes it.
    toml = (DOCS.parent / "deploy" / "ingestd.toml").read_text("utf-8")
    values = dict(re.findall(r"^#(\w+) = (.+)$", toml, re.MULTILINE))
    yield from ("| setting | default or example | meaning |", "|---|---|---|")
    for name, field in Settings.model_fields.items():
        yield f"| `{name}` | `{values[name]}` | {_cell(field.description or '')} |"


def commands() -> Iterator[str]:
    """Yield a section for each command, with a table row for each subcommand."""
    for entry in COMMANDS:
        yield from (f"## {entry.name}", "", _cell(entry.help), "")
        if isinstance(entry, Command):
            yield from ("```text", f"ingestd {_usage(entry)}", "```", "")
            continue
        yield from ("| command | does |", "|---|---|")
        yield from (f"| `{_cell(f'{entry.name} {_usage(leaf)}')}` | {_cell(leaf.help)} |" for leaf in entry.commands)
        yield ""


def _usage(command: Command) -> str:
    arguments = (found for found in load(command).params if found.param_type_name == "argument")
    return " ".join((command.name, *map(_metavar, arguments)))


def _metavar(argument: Any) -> str:
    name = (argument.metavar or (argument.name or "").upper()) + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def metrics() -> Iterator[str]:
    """Yield a table of the daemon's own metrics, in the order in which they are exposed."""
    with TemporaryDirectory() as folder:
        families = text_string_to_metric_families(asyncio.run(_exposed(Path(folder))))
    yield from ("| metric | type | labels | meaning |", "|---|---|---|---|")
    for family in families:
        if family.name.startswith("ingestd_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(dict.fromkeys(f"`{label}`" for sample in family.samples for label in sample.labels))
            yield f"| `{name}` | {family.type} | {labels} | {_cell(family.documentation)} |"


async def _exposed(folder: Path) -> str:
    """Return the metrics of a daemon that has had a success and a failure: some metrics need one."""
    async with open_service(folder) as service:
        await add_source(service, "https://news.example/feed.xml")
        async with service.runtime.database.write() as connection:
            await connection.execute(update(sources).values(last_success_at=datetime.now(UTC)))
            await consumers.add(connection, name="desk", kind="webhook", now=datetime.now(UTC))
        runtime = service.runtime
        service.deliveries = Deliveries(
            runtime.database, run_id=runtime.run_id, fetcher=runtime.fetcher, settings=Settings(state_dir=folder)
        )
        service.deliveries.totals["desk"] = Totals()
        service.service_state.failures["fetch", "TimedOut"] = 1
        await service.runtime.archive.put(b"<rss/>", "feed")
        await service.usage.measure(service.runtime.database, service.runtime.archive)
        health = Health(service)
        text, _ = await Metrics(health).render("text/plain")
        await health.close()
    return text.decode()


def settings_of(name: str) -> Iterator[str]:
    """Yield a table of the settings of a kind of consumer: first its own, then those that it shares."""
    kind = find_kind(name)
    assert kind
    own = kind.settings.__annotations__
    yield from ("| setting | default | meaning |", "|---|---|---|")
    for field_name, field in sorted(kind.settings.model_fields.items(), key=lambda item: item[0] not in own):
        default = "required" if field.is_required() else _default(field.default)
        yield f"| `{field_name}` | {default} | {_cell(field.description or '')} |"


def sending_settings() -> Iterator[str]:
    """Yield a table of the settings of all kinds that send messages."""
    yield from ("| setting | meaning |", "|---|---|")
    for name, field in SendingSettings.model_fields.items():
        yield f"| `{name}` | {_cell(field.description or '')} |"


def _default(value: object) -> str:
    if value is None:
        return ""
    return f"`{show_duration(value) if isinstance(value, float) else value}`".replace("`False`", "`false`")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


#: Page → the tables in it, by the names in their comments.
TABLES: dict[str, dict[str, Callable[[], Iterator[str]]]] = {
    "configuration.md": {"settings": settings},
    "commands.md": {"commands": commands},
    "operations.md": {"metrics": metrics},
    "feeds.md": {f"settings of {name}": partial(settings_of, name) for name in ("feed", "files")},
    "consumers.md": {"settings of webhook": partial(settings_of, "webhook"), "settings of all": sending_settings},
    "brokers.md": {
        f"settings of {name}": partial(settings_of, name) for name in ("nats", "kafka", "rabbitmq", "redis")
    },
}

#: File → its whole content.
FILES: dict[str, Callable[[], str]] = {
    "openapi.json": lambda: json.dumps(document(ROUTES), indent=1, ensure_ascii=False) + "\n",
}


def written(page: str) -> str:
    """Return the text of a page with its tables as they should be now."""
    text = (DOCS / page).read_text("utf-8")
    for name, table in TABLES[page].items():
        begin, end = f"<!-- {name}: written by tests/docs/reference.py -->", "<!-- end -->"
        before, _, rest = text.partition(begin)
        after = rest.partition(end)[2]
        text = "\n".join((before + begin, "", "\n".join(table()).strip(), "", end)) + after
    return text


def main() -> None:
    """Write every page that has tables, and the files that are generated as a whole."""
    for page in TABLES:
        (DOCS / page).write_text(written(page), "utf-8")
        sys.stdout.write(f"wrote docs/{page}\n")
    for name, content in FILES.items():
        (DOCS / name).write_text(content(), "utf-8")
        sys.stdout.write(f"wrote docs/{name}\n")


if __name__ == "__main__":
    main()

"""A command imports only what it uses: each runs in a process of its own that prints its modules as it exits."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingestd.cli.commands import COMMANDS, Group
from tests.cli.running import ingestd

#: What only extraction, parsing, polling, migrating or a terminal needs; each takes 0.05 s or more to import.
HEAVY = {
    "aiohttp", "alembic", "apscheduler", "asyncssh", "charset_normalizer", "dns", "feedparser", "htmldate", "jinja2",
    "lxml", "numpy", "prometheus_client", "psycopg", "publicsuffixlist", "py3langid", "requests", "rich", "structlog",
    "trafilatura", "urllib3",
}  # fmt: skip

#: Commands that only read or change the database, and those that need none → the heavy modules that they use.
LIGHT: dict[str, set[str]] = {
    "config check": set(),
    "config show": set(),
    # The site of the endpoint is looked up.
    "consumers add desk --kind webhook --set url=https://desk.example/": {"publicsuffixlist"},
    "consumers failures reader": set(),
    "consumers list": set(),
    "consumers pause reader": set(),
    "consumers resume reader": set(),
    "consumers seek reader --end": set(),
    "consumers set reader --form thin": set(),
    "consumers show reader": set(),
    "coverage": set(),
    "db check": set(),
    "db current": set(),
    "failures list": set(),
    "failures retry": set(),
    "gaps list": set(),
    "gaps accept 1": set(),
    "gaps repair 1": set(),
    "filter try ferry": set(),
    "health": set(),
    "events": {"rich", "structlog"},  # for `--follow`, which logs that it waits for the database
    "records export": {"rich"},  # for its progress bar
    "records list": set(),
    "records search ferry": set(),
    "records show 1": {"rich"},  # which decides whether a difference is coloured
    "sources export": {"lxml"},  # OPML is XML
    "sources import sources.opml": {"lxml"},
    "sources list": set(),
    "sources pause 1": set(),
    "sources remove 1": set(),
    "sources resume 1": set(),
    "sources set 1 --title Wire": set(),
    "sources show 1": set(),
    "stories list": set(),
    "stories search ferry": set(),
    "stories show 1": set(),
    "backfill cancel 1": set(),
    "backfill list": set(),
    "tokens list": set(),
    "tokens add wire --role read": set(),
    "why urn:1": set(),
}

CODE = """
import sys
from ingestd.__main__ import main
sys.argv[0] = "ingestd"
try:
    main()
finally:
    print("modules:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def imported_by(*arguments: str, folder: Path) -> set[str]:
    """Return the top-level modules that a command has imported when it exits."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr, done.stderr
    return set(done.stderr.splitlines()[-1].removeprefix("modules: ").split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings, a database with the present schema and one source, and an OPML file."""
    folder = tmp_path_factory.mktemp("imports")
    config = folder / "ingestd.toml"
    config.write_text(f"state_dir = '{folder}'\nlisten = 'unix:{folder}/none'\n")
    assert ingestd(config, "sources", "add", "http://127.0.0.1:9/feed", "--unchecked").status == 0
    assert ingestd(config, "consumers", "add", "reader", "--kind", "files", "--set", f"folder={folder}").status == 0
    (folder / "sources.opml").write_text(ingestd(config, "sources", "export").out)
    return folder


@pytest.mark.parametrize("command", LIGHT)
def test_a_light_command_imports_nothing_heavy(folder: Path, command: str) -> None:
    imported = imported_by(*command.split(), "--config", "ingestd.toml", folder=folder)

    assert imported & HEAVY <= LIGHT[command]
    assert "pydantic" in imported  # it got as far as the settings


def test_the_daemon_imports_nothing_that_only_its_extractors_need() -> None:
    code = """
import sys
import ingestd.cli.run
from ingestd.urls import public_suffixes
public_suffixes()
print(*{name.partition(".")[0] for name in sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    extracting = {"dateparser", "feedparser", "htmldate", "nh3", "numpy", "py3langid", "trafilatura"}
    assert not {*extracting, "alembic", "charset_normalizer", "psycopg", "requests", "urllib3"} & {*done.stdout.split()}


@pytest.mark.parametrize("group", [entry.name for entry in COMMANDS if isinstance(entry, Group)])
def test_the_help_of_a_group_imports_none_of_its_commands(tmp_path: Path, group: str) -> None:
    code = CODE.replace('name.partition(".")[0]', "name")
    done = subprocess.run(
        [sys.executable, "-c", code, group, "--help"],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert "Commands:" in done.stdout
    assert not any(name.startswith(f"ingestd.cli.{group}") for name in done.stderr.split())
    assert not {"sqlalchemy", "pydantic_settings", "rich"} & set(done.stderr.split())


@pytest.mark.parametrize("option", ["--help", "-h", "--version"])
def test_the_main_help_imports_no_parser(tmp_path: Path, option: str) -> None:
    assert not imported_by(option, folder=tmp_path) & {"typer", "typing", "dataclasses", "rich", *HEAVY}


def test_a_warning_of_a_library_is_logged_without_structlog_until_then(tmp_path: Path) -> None:
    code = """
import logging, sys
from ingestd.cli.settings import load_settings
load_settings(None)
assert "structlog" not in sys.modules
logging.getLogger("library").info("not shown")
logging.getLogger("library").warning("first %s", 1)
logging.getLogger("library").warning("second")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )

    assert ['"event": "first 1"' in line or '"event": "second"' in line for line in done.stderr.splitlines()] == [
        True
    ] * 2
    assert '"logger": "library"' in done.stderr

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from ingestd.settings.values import with_async_driver
from ingestd.store.schema import migrate, version
from tests.cli.conftest import write_config
from tests.cli.running import Done, ingestd


def test_a_schema_is_created_once(tmp_path: Path, empty_database_url: str) -> None:
    either = write_config(tmp_path, empty_database_url)
    head = version.HEAD

    assert ingestd(either, "db", "current").out == "empty\n"
    assert ingestd(either, "db", "check").status == 1
    assert ingestd(either, "db", "upgrade").out == f"schema {head}, was empty\n"
    assert ingestd(either, "db", "upgrade", "--json").json == {"schema": head, "before": head}
    assert ingestd(either, "db", "check", "--json").json == {"schema": head}
    assert ingestd(either, "db", "current", "--json").json == {"schema": head}


def test_a_newer_schema_is_refused_by_every_command(config: Path, tmp_path: Path) -> None:
    ingestd(config, "db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "state" / "ingestd.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    for command in (("db", "upgrade"), ("db", "check"), ("records", "list"), ("poll",), ("run",)):
        done = ingestd(config, *command)
        assert done.status == 1, command
        assert "9999" in done.error, command


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://nobody:wrong-secret@127.0.0.1:1/news", id="nobody-listens"),
        pytest.param("sqlite:////proc/ingestd.db", id="cannot-be-made"),
        pytest.param("mysql://127.0.0.1/news", id="another-database"),
    ],
)
def test_an_unusable_database_is_reported_on_one_line_without_its_password(tmp_path: Path, url: str) -> None:
    done = ingestd(write_config(tmp_path, url), "records", "list")

    assert done.status in (1, 2)
    assert done.error.strip()
    assert "Traceback" not in done.error
    assert "wrong-secret" not in done.error


def test_a_missing_database_is_reported_by_name(tmp_path: Path, postgresql_server: str) -> None:
    with psycopg.connect(postgresql_server) as connection:
        missing = postgresql_server.replace(f"/{connection.info.dbname}", "/no_such_database", 1)
    done = ingestd(write_config(tmp_path, missing), "records", "list")

    assert done.status == 1
    assert "no_such_database" in done.error


def test_a_file_that_is_not_a_database_is_reported(config: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ingestd.db").write_bytes(b"no database at all" * 100)

    done = ingestd(config, "records", "list")

    assert done.status == 1
    assert "not a database" in done.error


@pytest.fixture
def older(tmp_path: Path, empty_database_url: str) -> Path:
    """Settings for a database with the schema before this program's."""
    migrate._upgrade(with_async_driver(empty_database_url).replace("+aiosqlite", ""), version.VERSIONS[-2])
    return write_config(tmp_path, empty_database_url)


def schema(config: Path) -> str:
    return ingestd(config, "db", "current").out.strip()


COMMANDS = (("records", "list"), ("sources", "add", "https://a.example/feed", "--unchecked"), ("poll",), ("run",))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_no_command_upgrades_an_older_postgresql(older: Path, command: tuple[str, ...]) -> None:
    done = ingestd(older, *command)

    assert done.status == 1
    assert done.error == (
        f"the database has schema version {version.VERSIONS[-2]}, this program needs {version.HEAD}: "
        "run `ingestd db upgrade`\n"
    )
    assert schema(older) == version.VERSIONS[-2]


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_a_command_upgrades_an_older_sqlite_file(older: Path) -> None:
    assert ingestd(older, "records", "list").status == 1  # reading changes nothing
    assert schema(older) != version.HEAD
    assert ingestd(older, "sources", "add", "https://a.example/feed", "--unchecked").status == 0
    assert schema(older) == version.HEAD


def add_source(config: Path, migrate_on_start: str) -> Done:
    with config.open("a") as file:
        file.write(f"migrate_on_start = '{migrate_on_start}'\n")
    return ingestd(config, "sources", "add", "https://a.example/feed", "--unchecked")


def test_the_setting_allows_or_forbids_an_upgrade(older: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    allowed = tmp_path / "other" / "ingestd.toml"
    allowed.write_text(older.read_text())

    assert add_source(older, "never").status == 1
    assert schema(older) == version.VERSIONS[-2]
    assert add_source(allowed, "always").status == 0
    assert schema(allowed) == version.HEAD


def test_an_empty_database_is_set_up_unless_that_is_forbidden(tmp_path: Path, empty_database_url: str) -> None:
    config = write_config(tmp_path, empty_database_url)

    assert add_source(config, "never").status == 1
    assert schema(config) == "empty"
    assert ingestd(config, "sources", "list").status > 0  # reading sets nothing up
    assert schema(config) == "empty"
    assert (
        ingestd(
            write_config(tmp_path, empty_database_url), "sources", "add", "https://a.example/feed", "--unchecked"
        ).status
        == 0
    )
    assert schema(config) == version.HEAD


def test_check_lists_what_an_upgrade_would_run_and_runs_nothing(older: Path) -> None:
    pending = ingestd(older, "db", "upgrade", "--check")
    as_json = ingestd(older, "db", "upgrade", "--check", "--json")

    assert pending.status == as_json.status == 1
    [line] = pending.out.splitlines()
    assert line.startswith(f"{version.HEAD} ")
    assert [(one["version"], one["does"]) for one in as_json.json] == [tuple(line.split(" ", 1))]
    assert schema(older) == version.VERSIONS[-2]

    ingestd(older, "db", "upgrade")
    done = ingestd(older, "db", "upgrade", "--check")
    assert (done.status, done.out) == (0, f"schema {version.HEAD}, nothing to do\n")
    assert ingestd(older, "db", "upgrade", "--check", "--json").json == []


def test_usage_and_prune_print_a_line_for_each_table(config: Path) -> None:
    ingestd(config, "db", "upgrade")
    usage = ingestd(config, "db", "usage").out.splitlines()
    pruned = ingestd(config, "db", "prune", "--dry-run").out.splitlines()

    assert usage[0].split("\t") == ["", "rows", "bytes", "rows a day", "bytes a day", "bounded by"]
    assert {"records", "events", "polls"} <= {line.split("\t")[0] for line in usage}
    assert "polls: 0 to delete" in pruned


@pytest.mark.parametrize(
    "command",
    [("records", "list"), ("sources", "list"), ("sources", "export"), ("gaps", "list"), ("failures", "list"),
     ("events",), ("coverage",), ("why", "https://a.example/1"), ("db", "usage"), ("records", "search", "ferry")],
)  # fmt: skip
def test_reading_makes_no_database(tmp_path: Path, command: tuple[str, ...]) -> None:
    config = write_config(tmp_path, f"sqlite:///{tmp_path / 'state' / 'new.db'}")

    done = ingestd(config, *command)

    assert done.status == 2
    assert f"there is no database at {tmp_path / 'state' / 'new.db'} yet" in done.error
    assert not (tmp_path / "state").exists()


def test_an_sqlite_file_that_cannot_be_used_is_named(config: Path, tmp_path: Path) -> None:
    assert ingestd(config, "db", "upgrade").status == 0
    file = tmp_path / "state" / "ingestd.db"
    file.write_bytes(b"no database" * 1000)

    done = ingestd(config, "sources", "list")

    assert done.status == 1
    assert done.error == f"{file}: the database is damaged, restore a backup: file is not a database\n"

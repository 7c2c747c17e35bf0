import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from ingestd.store.schema import version
from tests.cli.conftest import write_config
from tests.cli.running import ingestd


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

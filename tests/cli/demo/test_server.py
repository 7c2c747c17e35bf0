"""The database of the demo with several nodes."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from ingestd.cli.demo.server import demo_database
from ingestd.errors import ConfigError, StoreUnavailable
from tests.cli.running import ingestd


def names(server: str) -> set[str]:
    with psycopg.connect(server, autocommit=True) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


async def test_a_database_on_a_given_server_is_dropped_at_the_end(postgresql_server: str, tmp_path: Path) -> None:
    async with demo_database(tmp_path, postgresql_server) as url:
        name = make_url(url).database
        assert name in names(postgresql_server)

    assert name not in names(postgresql_server)


async def test_a_server_that_cannot_be_used_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"postgresql://desk:\*\*\*@127\.0\.0\.1:1/news: .*refused") as caught:
        async with demo_database(tmp_path, "postgresql://desk:secret@127.0.0.1:1/news"):
            pass

    assert "secret" not in str(caught.value)


async def test_without_the_package_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.cli.demo.server.find_spec", lambda _: None)

    with pytest.raises(ConfigError, match=r"ingestd\[demo\]"):
        async with demo_database(tmp_path, None):
            pass


def test_a_server_without_nodes_is_refused(tmp_path: Path) -> None:
    done = ingestd(tmp_path / "none.toml", "demo", "--server", "postgresql://127.0.0.1:1/news")

    assert done.status == 2
    assert done.error == "--server is for several nodes: give --nodes as well\n"

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from ingestd.errors import SchemaMismatch
from ingestd.store.schema import migrate, version


def test_the_versions_are_those_of_the_migrations() -> None:
    migrations = ScriptDirectory.from_config(migrate._config())

    assert [script.revision for script in migrations.walk_revisions()] == list(reversed(version.VERSIONS))
    assert migrations.get_current_head() == version.HEAD


async def test_an_upgrade_is_seen_without_alembic(empty_database_url: str) -> None:
    assert await version.current(empty_database_url) is None
    with pytest.raises(SchemaMismatch, match=f"has no schema yet, this program needs {version.HEAD}"):
        await version.check(empty_database_url)

    await migrate.upgrade(empty_database_url)

    assert await version.current(empty_database_url) == version.HEAD
    await version.check(empty_database_url)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        pytest.param("0001", "has schema version 0001, this program needs", id="older"),
        pytest.param("9999", "has schema version 9999, which is newer than this program's", id="newer"),
    ],
)
async def test_another_version_is_refused(tmp_path: Path, written: str, message: str) -> None:
    url = f"sqlite:///{tmp_path}/ingestd.db"
    await migrate.upgrade(url)
    with version.blocking_engine(url) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": written})

    with pytest.raises(SchemaMismatch, match=message):
        await version.check(url)

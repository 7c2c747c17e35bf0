"""Read the version of a database's schema and compare it with this program's.

Needs SQLAlchemy only. Importing Alembic takes longer than most commands run, so only a real upgrade does (`migrate`).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url

from ingestd.errors import SchemaMismatch
from ingestd.store.database_errors import store_errors
from ingestd.store.sqlite_engine import BUSY_TIMEOUT

#: Every version there has been, oldest first, as in `migrations/versions/`.
VERSIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
    "0027",
    "0028",
    "0029",
    "0030",
    "0031",
    "0032",
    "0033",
    "0034",
    "0035",
    "0036",
    "0037",
)

#: The version that this program works with.
HEAD = VERSIONS[-1]

#: Version of the values in JSON columns that this program reads and writes; `installation.data_version` has that of a
#: database.  It rises when an older program would misread them.
DATA_VERSION = 1


async def current(url: str) -> str | None:
    """Return the version of a database's schema, None if it has none yet; raises StoreUnavailable."""
    return await asyncio.to_thread(_current, url)


async def check(url: str) -> None:
    """Raise SchemaMismatch if a database has another version than this program's, older or newer."""
    refuse_other(await current(url))


def refuse_other(version: str | None) -> None:
    """Raise SchemaMismatch if a version is not this program's, older or newer."""
    refuse_newer(version)
    if version != HEAD:
        raise SchemaMismatch(
            f"the database {'has no schema yet' if version is None else f'has schema version {version}'}, "
            f"this program needs {HEAD}: run `ingestd db upgrade`"
        )


def refuse_newer(version: str | None) -> None:
    """Raise SchemaMismatch if a version is not one of `VERSIONS`: only a newer program can have written it."""
    if version is not None and version not in VERSIONS:
        raise SchemaMismatch(
            f"the database has schema version {version}, which is newer than this program's ({HEAD}): "
            "run the newer ingestd, or restore a backup made before its upgrade"
        )


def version_of(connection: Connection) -> str | None:
    """Return the version that Alembic has written into a database, None if it has not."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return version


@contextmanager
def blocking_engine(url: str) -> Iterator[Engine]:
    """Open an engine with the blocking driver for a database URL: Alembic uses no other."""
    backend = make_url(url).get_backend_name()
    engine = create_engine(
        make_url(url).set(drivername="sqlite" if backend == "sqlite" else "postgresql+psycopg"),
        connect_args={"timeout": BUSY_TIMEOUT} if backend == "sqlite" else {"connect_timeout": 10},
    )
    try:
        yield engine
    finally:
        engine.dispose()


def _current(url: str) -> str | None:
    with store_errors(), blocking_engine(url) as engine, engine.connect() as connection:
        return version_of(connection)

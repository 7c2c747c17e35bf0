import pytest

from ingestd.errors import StoreUnavailable
from ingestd.store.database import Database
from tests.daemon.services import Hung


async def test_connect_timeout_of_the_url_limits_the_wait_for_a_hung_server() -> None:
    async with Hung.open() as hung:
        url = f"postgresql+psycopg://ingestd:secret@127.0.0.1:{hung.port}/news?connect_timeout=2"
        async with Database(url) as database:
            with pytest.raises(StoreUnavailable, match="timeout") as caught:
                await database.ping()

    assert "secret" not in str(caught.value)


async def test_connections_use_keepalives_to_detect_a_vanished_server(postgresql_server: str) -> None:
    url = postgresql_server.replace("postgresql://", "postgresql+psycopg://")
    async with Database(url) as database, database.read() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        parameters = driver.info.get_parameters()

    assert (parameters["connect_timeout"], parameters["keepalives_idle"]) == ("10", "30")

import pytest

from ingestd.errors import StoreUnavailable
from ingestd.store.database import Database
from tests.daemon.services import Hung


async def test_a_server_that_does_not_answer_is_unavailable_after_the_time_that_the_url_says() -> None:
    async with Hung.open() as hung:
        url = f"postgresql+psycopg://ingestd:secret@127.0.0.1:{hung.port}/news?connect_timeout=2"
        async with Database(url) as database:
            with pytest.raises(StoreUnavailable, match="timeout") as caught:
                await database.ping()

    assert "secret" not in str(caught.value)


async def test_a_connection_notices_a_peer_that_is_gone(postgresql_server: str) -> None:
    url = postgresql_server.replace("postgresql://", "postgresql+psycopg://")
    async with Database(url) as database, database.read() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        parameters = driver.info.get_parameters()

    assert (parameters["connect_timeout"], parameters["keepalives_idle"]) == ("10", "30")

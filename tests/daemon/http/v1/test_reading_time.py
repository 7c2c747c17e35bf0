"""A request that reads the database for too long is ended, and the next one is answered."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.daemon.http.v1 import route
from ingestd.store.records import records
from tests.daemon.http.v1.api import Api

#: Takes hours.
_ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) SELECT count(*) FROM n"
)


async def test_a_request_that_reads_for_too_long_is_ended(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def find(connection: AsyncConnection, *_: Any, **__: Any) -> Any:
        await connection.execute(_ENDLESS)

    with monkeypatch.context() as patch:
        patch.setattr(route, "MAX_READING", 0.1)
        patch.setattr(records, "find", find)
        answers = [await api.get("/v1/records/1") for _ in range(9)]  # more than there are connections

    assert {one.status for one in answers} == {503}
    assert answers[0].value["detail"].startswith("the database did not answer within")
    assert int(answers[0].headers["Retry-After"]) >= 1
    assert await api.value("/v1/records") == []

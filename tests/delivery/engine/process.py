"""An engine in a process of its own, to be killed: `python -m tests.delivery.engine.process DATABASE STATE_DIR`."""

import asyncio
import sys
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

from ingestd.delivery.engine.deliveries import Deliveries
from ingestd.settings import Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.work import runs
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from tests.delivery.engine.receiving import find_test_kind


async def main(url: str, state_dir: Path) -> None:
    settings = Settings(database_url=url, state_dir=state_dir)
    async with (
        Database(with_async_driver(url)) as database,
        Fetcher(user_agent="test", allow_networks=[IPv4Network("127.0.0.0/8")], pacing=Pacing(delay=0)) as fetcher,
    ):
        async with database.write() as connection:
            run_id = await runs.start(connection, role="daemon", now=datetime.now(UTC))
        await Deliveries(database, run_id=run_id, fetcher=fetcher, settings=settings, kinds=find_test_kind).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))

"""Give an empty database the sources of the newsroom, and the webhook that gets each event."""

from datetime import UTC, datetime

from ingestd.delivery import management
from ingestd.demo.newsroom import Newsroom
from ingestd.demo.receiver import Receiver
from ingestd.settings import Settings
from ingestd.store.database import Database
from ingestd.store.polls.sources import add


async def add_sources(database: Database, newsroom: Newsroom, receiver: Receiver, operator: Settings) -> None:
    """Add each publisher as a source that is polled every second, and the receiver as a consumer."""
    now = datetime.now(UTC)
    settings = {"url": receiver.url, "secret": receiver.secret}
    async with database.write() as connection:
        for url, title in (*newsroom.sources, (newsroom.agency.url, newsroom.agency.title)):
            await add(connection, url, title=title, interval=1.0, now=now)
        await management.add(
            connection, name="demo", kind="webhook", settings=settings, after=0, operator=operator, now=now
        )

"""Attempts and dead messages go with `keep_failures`; what waits for another try stays."""

from datetime import timedelta

from ingestd.model.consumer import FailedMessage, FailedState
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import consumers, failures
from ingestd.store.consumers.failures import Attempt
from ingestd.store.database import Database
from ingestd.store.retention import batches, deliveries
from tests.support.outcomes import NOON


async def test_old_attempts_and_dead_messages_go(database_url: str) -> None:
    old, new = NOON, NOON + timedelta(days=2)

    def row(seq: int, state: FailedState, at: object) -> FailedMessage:
        return FailedMessage(
            consumer_id=consumer.id, seq=seq, record_id=seq, state=state, attempts=1, first_at=old, last_at=at,
            next_at=None, status=None, error="no", excerpt=None,
        )  # type: ignore[arg-type]  # fmt: skip

    async with Database(with_async_driver(database_url)) as database:
        async with database.write() as connection:
            consumer = await consumers.add(connection, name="desk", kind="webhook", now=NOON)
            rows = [row(1, "dead", old), row(2, "waiting", old), row(3, "dead", new), row(4, "blocked", old)]
            await failures.save(connection, rows)
            await failures.add_attempts(
                connection,
                [
                    Attempt(consumer_id=consumer.id, seq=1, attempt=n, at=at, delivered=False)
                    for n, at in ((1, old), (2, new))
                ],
            )
        limit = NOON + timedelta(days=1)
        for deletion in (deliveries.of_attempts(limit), deliveries.of_dead_messages(limit)):
            assert (await batches.run(database, deletion, dry_run=True)).rows == 1
            assert (await batches.run(database, deletion)).rows == 1
        async with database.read() as connection:
            assert [one.seq for one in await failures.failed(connection, consumer.id)] == [2, 3, 4]
            assert [one.attempt for one in await failures.attempts_of(connection, consumer.id, 1)] == [2]

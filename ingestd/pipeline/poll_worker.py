"""Worker that polls a claimed source, or gives its claim back while the source's site is on hold."""

from collections.abc import Callable
from datetime import datetime

from ingestd.model.source import Source
from ingestd.pipeline.entry_worker import run_or_postpone
from ingestd.pipeline.ingest import Ingest
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.work.own_claims import claim_of
from ingestd.urls import pacing_key


class PollWorker:
    """Worker for due sources; `on_poll` is called with the result of each poll."""

    def __init__(self, *, ingest: Ingest, run_id: str, on_poll: Callable[[PollResult], None]) -> None:
        self._ingest = ingest
        self._run_id = run_id
        self._on_poll = on_poll

    async def process(self, source: Source, *, wait: float = 0.0) -> None:
        """Poll a source that this run has claimed, or give it back for `wait` seconds, or while its site is on hold."""
        ingest = self._ingest

        async def put_off(until: datetime) -> None:
            async with ingest.database.write() as connection:
                await sources.postpone(connection, source, self._run_id, until=until)

        async def poll() -> None:
            self._on_poll(await ingest.poll(source))

        await run_or_postpone(
            ingest.fetcher, pacing_key(source.url), poll, put_off,
            claims=ingest.claims, retries=ingest.retries, wait=wait,
            on_end=lambda: ingest.claims.remove([claim_of(source)]),
        )  # fmt: skip

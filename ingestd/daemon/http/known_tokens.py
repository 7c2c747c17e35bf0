"""The tokens of the database, as a daemon knows them: read again every two seconds of use."""

import asyncio
from datetime import UTC, datetime
from time import monotonic

import structlog

from ingestd.errors import StoreError, StoreUnavailable
from ingestd.model.token import Token
from ingestd.store import tokens
from ingestd.store.database import Database

log = structlog.get_logger(__name__)

#: Seconds for which the tokens are known; one that is revoked or added takes effect within them.
_FRESH = 2.0

#: Seconds that a request waits for them.
_WAIT = 5.0


class KnownTokens:
    """The tokens of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_hash: dict[str, Token] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()
        #: Token → the hour of its last use that is noted in the database.
        self._noted: dict[int, datetime] = {}
        self._noting: asyncio.Task[None] | None = None

    async def find(self, secret: str) -> Token | None:
        """Return the token with a secret; None: there is none, or it has expired.  Raises StoreError."""
        # Looked up by its hash: the time it takes says nothing about a secret.
        return self._used((await self._known()).get(tokens.hash_of(secret)))

    async def find_by_fingerprint(self, fingerprint: str) -> Token | None:
        """Return the token that a session was begun with.  Raises StoreError."""
        known = (await self._known()).values()
        return self._used(next((one for one in known if one.fingerprint == fingerprint), None))

    async def are_there_any(self) -> bool:
        """Return whether there is a token, even an expired one.  Raises StoreError."""
        return bool(await self._known())

    async def close(self) -> None:
        """Wait for the note that is being written."""
        if self._noting:
            await asyncio.wait([self._noting], timeout=_WAIT)
            self._noting.cancel()

    async def _known(self) -> dict[str, Token]:
        async with self._reading:
            if self._read_at is None or monotonic() - self._read_at > _FRESH:
                at = monotonic()
                try:
                    async with asyncio.timeout(_WAIT), self._database.read() as connection:
                        found = await tokens.list_all(connection)
                except TimeoutError as error:
                    raise StoreUnavailable("reading the tokens took too long") from error
                self._by_hash, self._read_at = {one.sha256: one for one in found}, at
        return self._by_hash

    def _used(self, token: Token | None) -> Token | None:
        """Return a token that is valid, and note its use once an hour."""
        now = datetime.now(UTC)
        if token is None or not token.is_valid(now):
            return None
        hour = now.replace(minute=0, second=0, microsecond=0)
        is_noted = hour in (token.used_at, self._noted.get(token.id))
        if not is_noted and (self._noting is None or self._noting.done()):
            # A task of its own: a request that only reads does not wait for the writers.
            self._noting = asyncio.create_task(self._note(token.id, hour))
        return token

    async def _note(self, token_id: int, hour: datetime) -> None:
        try:
            async with self._database.write() as connection:
                await tokens.mark_used(connection, token_id, hour)
        except StoreError as error:
            log.debug("use of a token not noted", error=str(error))
        # After an error too: the next hour is soon enough.
        self._noted[token_id] = hour

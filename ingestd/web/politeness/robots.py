"""robots.txt (RFC 9309): fetched before a site's first page, cached for a day, shared with other processes.

Each version is kept as evidence of what the site allowed when.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import monotonic
from typing import Literal
from urllib.parse import unquote, urlsplit

from protego import Protego

from ingestd.errors import (
    Disallowed,
    FetchError,
    Forbidden,
    Held,
    NoRoom,
    Offline,
    Refused,
    RobotsUnreachable,
    TooManyRedirects,
)
from ingestd.model.answer import Answer
from ingestd.model.reply import Reply
from ingestd.text import collapse

#: Our product token (RFC 9309, 2.2.1): what a publisher writes after "User-agent:" for this crawler.
PRODUCT = "ingestd"

#: How long a robots.txt is cached (RFC 9309, 2.4: at most a day), and how long the failure to read one.
CACHE_TIME, FAILURE_CACHE_TIME = timedelta(hours=24), timedelta(minutes=10)

#: Bytes that are read; RFC 9309, 2.5 asks for at least 500 KiB.
MAX_BYTES = 500 * 1024

#: Seconds; a longer Crawl-delay is shortened to this.
MAX_CRAWL_DELAY = 300.0

# Lines with a directive that are parsed, and characters of a line: more than any publisher needs.
_MAX_LINES, _MAX_LINE = 20_000, 2000

# Parsed files in the cache, and their lines in total: a line may take a kilobyte of memory.
_MAX_CACHED_FILES, _MAX_CACHED_LINES = 1000, 100_000

# Files up to this many lines are matched in the event loop: a thousand lines take about 0.5 ms.
_INLINE_LINES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """An origin's robots.txt, or the result of the failed attempt to read it."""

    origin: str
    #: rules: `body` has them.  allow: there is no file (4xx).  deny: it cannot be read (5xx, no connection).
    verdict: Literal["rules", "allow", "deny"]
    #: The file, or with `deny` the reason why it cannot be read.
    body: str
    #: When it must be fetched again.
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    """A parsed robots.txt in the cache, without its body."""

    file: RobotsFile
    rules: Protego
    #: As written, without comments and blank lines.
    lines: tuple[str, ...]


Fetch = Callable[[str], Awaitable[Reply]]
Load = Callable[[str], Awaitable[RobotsFile | None]]
Save = Callable[[RobotsFile], Awaitable[None]]
Keep = Callable[[bytes, Answer], Awaitable[None]]


OnFetched = Callable[[str, float, float], None]


def _ignore(_origin: str, _delay: float, _at: float) -> None:
    pass


async def _load_nothing(_origin: str) -> RobotsFile | None:
    return None


async def _save_nothing(_file: RobotsFile) -> None:
    pass


async def _keep_nothing(_body: bytes, _answer: Answer) -> None:
    pass


@dataclass(slots=True)
class RobotsStore:
    """Storage of robots.txt files that outlives the process; by default nothing is stored."""

    #: The cache.
    load: Load = _load_nothing
    save: Save = _save_nothing
    #: Keeps what was fetched as evidence: the body, and its answer; status 0 says that there was none.
    keep: Keep = _keep_nothing


class Robots:
    """Cache of the robots.txt of every origin; `fetch` gets a URL without checking robots.txt.

    `on_fetched` is called with the origin, its Crawl-delay (seconds) and the time (monotonic) at which this process
    has fetched its file, before that is stored.
    """

    def __init__(self, fetch: Fetch, store: RobotsStore, on_fetched: OnFetched = _ignore) -> None:
        self._fetch = fetch
        self._store = store
        self._on_fetched = on_fetched
        self._files: OrderedDict[str, _Parsed] = OrderedDict()
        self._lines = 0
        #: Origin → held while its file is loaded or fetched.
        self._locks: dict[str, asyncio.Lock] = {}

    async def check(self, url: str) -> float:
        """Return the Crawl-delay of a URL's origin (seconds, 0 without one), if the URL may be fetched.

        Raises Disallowed with the rule, RobotsUnreachable, Forbidden, Held, NoRoom, Offline.
        """
        parsed = await self._get(_origin(url), url)
        file = parsed.file
        if file.verdict == "deny":
            raise RobotsUnreachable(url, f"cannot read {file.origin}/robots.txt: {file.body}")
        inline = len(parsed.lines) <= _INLINE_LINES
        rule = _blocking_rule(url, parsed) if inline else await asyncio.to_thread(_blocking_rule, url, parsed)
        if rule:
            raise Disallowed(url, f"{file.origin}/robots.txt says {rule!r}")
        return _crawl_delay(parsed)

    async def sitemaps(self, url: str) -> list[str]:
        """Return the sitemaps in the robots.txt of a URL's origin; raises Forbidden, Held, NoRoom, Offline."""
        parsed = await self._get(_origin(url), url)
        return list(parsed.rules.sitemaps)

    async def _get(self, origin: str, url: str) -> _Parsed:
        found = self._files.get(origin)
        if found and found.file.until > datetime.now(UTC):
            self._files.move_to_end(origin)
            return found
        lock = self._locks.setdefault(origin, asyncio.Lock())
        try:
            async with lock:
                found = self._files.get(origin)
                if found is None or found.file.until <= datetime.now(UTC):
                    loaded = await self._load(origin)
                    found = await (asyncio.to_thread(_parse, loaded) if loaded else self._fetch_file(origin, url))
                    self._cache(found)
        finally:
            if not lock.locked():
                self._locks.pop(origin, None)
        return found

    def _cache(self, parsed: _Parsed) -> None:
        if before := self._files.pop(parsed.file.origin, None):
            self._lines -= len(before.lines)
        self._files[parsed.file.origin] = parsed
        self._lines += len(parsed.lines)
        while len(self._files) > _MAX_CACHED_FILES or (self._lines > _MAX_CACHED_LINES and len(self._files) > 1):
            _, dropped = self._files.popitem(last=False)
            self._lines -= len(dropped.lines)

    async def _load(self, origin: str) -> RobotsFile | None:
        file = await self._store.load(origin)
        return file if file and file.until > datetime.now(UTC) else None

    async def _fetch_file(self, origin: str, url: str) -> _Parsed:
        verdict: Literal["rules", "allow", "deny"] = "deny"
        body, cache_time, file_url = "", FAILURE_CACHE_TIME, f"{origin}/robots.txt"
        content = b""
        answer = Answer(url=file_url, final_url=file_url, status=0, fetched_at=datetime.now(UTC))
        try:
            reply = await self._fetch(file_url)
        except (Held, NoRoom, Offline) as error:
            raise type(error)(url, *error.args[1:]) from error  # it says nothing about the site
        except TooManyRedirects as error:
            verdict, cache_time = "allow", CACHE_TIME
            answer = replace(answer, reason=error.reason)
        except Refused as error:
            # RFC 9309, 2.3.1.3: after any 4xx everything may be fetched; 2.3.1.4: after a 5xx nothing may.
            verdict = "allow" if error.status < 500 else "deny"
            cache_time = CACHE_TIME if verdict == "allow" and error.status != 429 else FAILURE_CACHE_TIME
            body = error.reason if verdict == "deny" else ""
            answer = answer_of_refusal(file_url, error, answer.fetched_at)
        except FetchError as error:
            if isinstance(error, Forbidden) and error.url == file_url:
                # The whole origin is forbidden, not only this file, and will stay so.
                raise Forbidden(url, error.reason) from error
            body = error.reason
            answer = replace(answer, reason=error.reason)
        else:
            verdict, cache_time = "rules", CACHE_TIME
            content = reply.body[:MAX_BYTES]
            body = content.decode("utf-8-sig", "replace").replace("\0", "")
            answer = reply.answer(answer.fetched_at) or replace(answer, status=reply.status, reason=reply.reason)
        fetched_at = monotonic()
        file = RobotsFile(origin=origin, verdict=verdict, body=body, until=datetime.now(UTC) + cache_time)
        parsed = await asyncio.to_thread(_parse, file)
        # Before it is stored, which may take long: other processes must not ask the site meanwhile.
        self._on_fetched(origin, _crawl_delay(parsed), fetched_at)
        await self._store.keep(content, answer)
        await self._store.save(file)
        return parsed


def answer_of_refusal(url: str, error: Refused, at: datetime) -> Answer:
    """Return the answer that refused a request for a URL at a time."""
    return Answer(
        url=url, final_url=error.url, status=error.status, reason=error.phrase, headers=error.headers, fetched_at=at
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def _parse(file: RobotsFile) -> _Parsed:
    body = file.body if file.verdict == "rules" else ""
    lines = (line.partition("#")[0].strip() for line in body.splitlines())
    kept = tuple(islice((line for line in lines if line and len(line) < _MAX_LINE), _MAX_LINES))
    return _Parsed(
        file=replace(file, body="") if file.verdict == "rules" else file,
        rules=Protego.parse("\n".join(kept)),
        lines=kept,
    )


def _crawl_delay(parsed: _Parsed) -> float:
    return min(float(parsed.rules.crawl_delay(PRODUCT) or 0.0), MAX_CRAWL_DELAY)


def _blocking_rule(url: str, parsed: _Parsed) -> str | None:
    """Return the line that disallows a URL, the longest one that matches it; None when it may be fetched."""
    if parsed.rules.can_fetch(url, PRODUCT):
        return None
    parts = urlsplit(url)
    path = unquote(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
    rules = [line for line in parsed.lines if line[:8].lower() == "disallow"]
    matching = [line for line in rules if _matches(unquote(line.partition(":")[2].strip()), path)]
    return collapse(max(matching, key=len, default="Disallow"))


def _matches(pattern: str, path: str) -> bool:
    """Return whether a rule's pattern matches (RFC 9309, 2.2.3), in linear time."""
    *pieces, last = pattern.removesuffix("$").split("*")
    position = 0
    for number, piece in enumerate(pieces):
        found = path.find(piece, position)
        if found < 0 or (number == 0 and found > 0):
            return False
        position = found + len(piece)
    if not pieces:
        return path == last if pattern.endswith("$") else bool(last) and path.startswith(last)
    return path.endswith(last, position) if pattern.endswith("$") else path.find(last, position) >= 0

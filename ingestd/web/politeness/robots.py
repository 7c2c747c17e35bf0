"""robots.txt (RFC 9309): read before a site's first page, believed for a day, shared with other processes."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
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
from ingestd.model.reply import Reply
from ingestd.text import collapse

#: What a publisher writes after "User-agent:" to mean us.
PRODUCT = "ingestd"

#: How long an answer is believed: RFC 9309, 2.4 says a day at the most; where there was none, we look again soon.
BELIEVED, UNREACHABLE = timedelta(hours=24), timedelta(minutes=10)

#: Bytes that are read (RFC 9309, 2.5 asks for 500 KiB at least), and seconds of Crawl-delay that are kept to.
LARGEST = 500 * 1024
LONGEST_DELAY = 60.0

# Lines with a directive that are parsed, and characters of one: more than any publisher means by it.
_LINES, _LONGEST_LINE = 20_000, 2000

# Parsed files that are kept at hand, and their lines together: a line may be worth a kilobyte of memory.
_AT_HAND, _LINES_AT_HAND = 1000, 100_000

# Lines up to which a question is answered in the event loop: a thousand take some 0.5 ms.
_QUICK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """What an origin's robots.txt said when it was asked for."""

    origin: str
    #: rules: as in `body`.  allow: there is none (4xx).  deny: it could not be had (5xx, no connection).
    verdict: Literal["rules", "allow", "deny"]
    body: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    """A file as it is kept at hand, without its body."""

    file: RobotsFile
    rules: Protego
    #: As written, comments and blanks aside.
    lines: tuple[str, ...]


Fetch = Callable[[str], Awaitable[Reply]]
Recall = Callable[[str], Awaitable[RobotsFile | None]]
Keep = Callable[[RobotsFile], Awaitable[None]]


async def _recall_nothing(_origin: str) -> RobotsFile | None:
    return None


async def _keep_nothing(_file: RobotsFile) -> None:
    pass


@dataclass(slots=True)
class Memory:
    """Where robots files are kept beyond this process; without one they are not."""

    recall: Recall = _recall_nothing
    keep: Keep = _keep_nothing


class Robots:
    """Answers for the robots.txt of every origin; `fetch` gets a URL without asking here."""

    def __init__(self, fetch: Fetch, memory: Memory) -> None:
        self._fetch = fetch
        self._memory = memory
        self._files: OrderedDict[str, _Parsed] = OrderedDict()
        self._lines = 0
        self._asking: dict[str, asyncio.Lock] = {}

    async def check(self, url: str) -> float:
        """Return the Crawl-delay that holds for a URL's origin (seconds, 0 without one), if it may be fetched.

        Raises Disallowed with the rule, RobotsUnreachable, Forbidden, Held, NoRoom, Offline.
        """
        parsed = await self._of(_origin(url), url)
        file = parsed.file
        if file.verdict == "deny":
            raise RobotsUnreachable(url, f"{file.origin}/robots.txt cannot be read: {file.body}")
        quick = len(parsed.lines) <= _QUICK
        rule = _rule_against(url, parsed) if quick else await asyncio.to_thread(_rule_against, url, parsed)
        if rule:
            raise Disallowed(url, f"{file.origin}/robots.txt says {rule!r}")
        return min(float(parsed.rules.crawl_delay(PRODUCT) or 0.0), LONGEST_DELAY)

    async def sitemaps(self, url: str) -> list[str]:
        """Return the sitemaps that a URL's origin names; raises Forbidden, Held, NoRoom, Offline."""
        parsed = await self._of(_origin(url), url)
        return list(parsed.rules.sitemaps)

    async def _of(self, origin: str, url: str) -> _Parsed:
        found = self._files.get(origin)
        if found and found.file.until > datetime.now(UTC):
            self._files.move_to_end(origin)
            return found
        lock = self._asking.setdefault(origin, asyncio.Lock())
        try:
            async with lock:
                found = self._files.get(origin)
                if found is None or found.file.until <= datetime.now(UTC):
                    file = await self._recalled(origin) or await self._asked(origin, url)
                    found = await asyncio.to_thread(_parse, file)
                    self._keep(found)
        finally:
            if not lock.locked():
                self._asking.pop(origin, None)
        return found

    def _keep(self, parsed: _Parsed) -> None:
        if before := self._files.pop(parsed.file.origin, None):
            self._lines -= len(before.lines)
        self._files[parsed.file.origin] = parsed
        self._lines += len(parsed.lines)
        while len(self._files) > _AT_HAND or (self._lines > _LINES_AT_HAND and len(self._files) > 1):
            _, forgotten = self._files.popitem(last=False)
            self._lines -= len(forgotten.lines)

    async def _recalled(self, origin: str) -> RobotsFile | None:
        file = await self._memory.recall(origin)
        return file if file and file.until > datetime.now(UTC) else None

    async def _asked(self, origin: str, url: str) -> RobotsFile:
        verdict: Literal["rules", "allow", "deny"] = "deny"
        body, believed, place = "", UNREACHABLE, f"{origin}/robots.txt"
        try:
            reply = await self._fetch(place)
        except (Held, NoRoom, Offline) as error:
            raise type(error)(url, *error.args[1:]) from error  # nothing was learned about the site
        except TooManyRedirects:
            verdict, believed = "allow", BELIEVED
        except Refused as error:
            # 2.3.1.3: unavailable, as with any 4xx, means that everything may be read; 2.3.1.4: 5xx that nothing may.
            verdict = "allow" if error.status < 500 else "deny"
            believed = BELIEVED if verdict == "allow" and error.status != 429 else UNREACHABLE
            body = error.reason if verdict == "deny" else ""
        except FetchError as error:
            if isinstance(error, Forbidden) and error.url == place:
                # Not only this file is out of bounds, but all of the origin: later it will be no other.
                raise Forbidden(url, error.reason) from error
            body = error.reason
        else:
            verdict, believed = "rules", BELIEVED
            body = reply.body[:LARGEST].decode("utf-8-sig", "replace").replace("\0", "")
        file = RobotsFile(origin=origin, verdict=verdict, body=body, until=datetime.now(UTC) + believed)
        await self._memory.keep(file)
        return file


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def _parse(file: RobotsFile) -> _Parsed:
    body = file.body if file.verdict == "rules" else ""
    lines = (line.partition("#")[0].strip() for line in body.splitlines())
    kept = tuple(islice((line for line in lines if line and len(line) < _LONGEST_LINE), _LINES))
    return _Parsed(
        file=replace(file, body="") if file.verdict == "rules" else file,
        rules=Protego.parse("\n".join(kept)),
        lines=kept,
    )


def _rule_against(url: str, parsed: _Parsed) -> str | None:
    """Return the line that disallows a URL, the longest one of those that could; None when it may be fetched."""
    if parsed.rules.can_fetch(url, PRODUCT):
        return None
    parts = urlsplit(url)
    path = unquote(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
    rules = [line for line in parsed.lines if line[:8].lower() == "disallow"]
    against = [line for line in rules if _matches(unquote(line.partition(":")[2].strip()), path)]
    return collapse(max(against, key=len, default="Disallow"))


def _matches(pattern: str, path: str) -> bool:
    """Say whether a rule's pattern matches (RFC 9309, 2.2.3), in linear time."""
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

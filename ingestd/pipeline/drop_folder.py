"""A look at a drop folder: what is whole in it is read, committed, and only then put away.

Whoever is killed in between finds the file again; what is in it is known by then, and adds nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic, time_ns
from urllib.parse import quote

import structlog

from ingestd.drops.files import File, Folder, Subfolder, stem
from ingestd.errors import FetchError, Inaccessible, IngestError, LoginRefused, TooLarge
from ingestd.model.reply import Reply
from ingestd.model.source import Source
from ingestd.model.timing import Timing
from ingestd.pipeline.folder_opener import FolderOpener
from ingestd.pipeline.poll import Poller
from ingestd.pipeline.retry import retry_while_unavailable
from ingestd.store.database import Database
from ingestd.store.operations import failures
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.polls import source_updates
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.urls import is_remote_folder, without_userinfo
from ingestd.web.body.memory_budget import SMALL_BODY, MemoryBudget

log = structlog.get_logger(__name__)

#: Seconds between two looks at a folder of this host where nothing tells us that something arrived, and after one that
#: failed; servers lock out who tries a wrong password too often.
INTERVAL, AFTER_ERROR, AFTER_LOGIN_REFUSED = 5.0, 60.0, 900.0

#: Files of one look; then others have their turn, and whoever paused the source is heard.
MAX_FILES = 100

#: Files that are read beside each other and share a commit.
BATCH_SIZE = 20

#: Files of one look that may be stuck, before there is no use in going on.
_MAX_STUCK = 20

#: A file that nobody touched for so long (nanoseconds) is whole at first sight, by whatever clock.
_OLD_NANOSECONDS = 60 * 10**9


@dataclass(slots=True)
class FolderState:
    """What is remembered of a folder from look to look; lost with the process, and nothing depends on it."""

    #: Each file as it was, and since when (monotonic).
    seen: dict[str, tuple[File, float]] = field(default_factory=dict)
    #: Names that were moved into the folder: whoever does that has finished.
    arrived: set[str] = field(default_factory=set)
    #: Files that could not be read or moved: others come first.
    stuck: set[File] = field(default_factory=set)


@dataclass(slots=True)
class FolderPoll:
    """What a look comes to."""

    source: Source
    folder: Folder
    memory: FolderState
    media: dict[str, list[File]]
    files: int = 0
    listed: int = 0
    new: list[ListedEntry] = field(default_factory=list)
    changed: list[ListedEntry] = field(default_factory=list)
    size: int = 0
    #: The first reason why not all went well.
    trouble: IngestError | None = None


class DropFolderPoller:
    """Takes what is in drop folders, with the tools it is handed; bodies wait for their place in `room`."""

    def __init__(
        self,
        *,
        run_id: str,
        database: Database,
        poller: Poller,
        folders: FolderOpener,
        memory_budget: MemoryBudget,
        timing: Callable[[], Timing],
        max_body: int,
    ) -> None:
        self._run_id = run_id
        self._database = database
        self._poller = poller
        self._folders = folders
        self._room = memory_budget
        self._timing = timing
        self._max_body = max_body
        self._memories: dict[int, FolderState] = {}

    def note_arrival(self, source_id: int, name: str) -> None:
        """Take it from whoever saw it that a file was moved into a folder, or got its name there: it is whole."""
        self._memories.setdefault(source_id, FolderState()).arrived.add(name)

    async def poll(self, source: Source) -> PollResult:
        """FolderPoll at the folder of a claimed source once, the longest unmodified file first, and commit what it held.

        It is due again at once while there may be more, when a file may be whole, or after its interval.
        """
        started, at = monotonic(), datetime.now(UTC)
        look, wait = None, 0.0
        try:
            async with self._folders.open(source.url) as folder:
                look, wait = await self._look(source, folder)
                trouble = look.trouble
        except IngestError as error:
            trouble = error
        poll = await self._given_back(look.source if look else source, at, wait, trouble)
        poll = replace(poll, seconds=monotonic() - started)
        if not look or not look.files:
            return poll
        return replace(
            poll, listed=look.listed, new=tuple(look.new), changed=tuple(look.changed), size=look.size,
            outcome=poll.outcome if poll.failure else "new" if look.new or look.changed else "known",
        )  # fmt: skip

    async def _given_back(self, source: Source, at: datetime, wait: float, trouble: IngestError | None) -> PollResult:
        if trouble:
            wait = AFTER_LOGIN_REFUSED if isinstance(trouble, LoginRefused) else AFTER_ERROR
            return await self._poller.fail(source, at, trouble, wait=wait)
        due_at = datetime.now(UTC) + timedelta(seconds=wait)

        async def give_back() -> None:
            async with self._database.write() as connection:
                await source_updates.release_drop_folder(connection, source.id, self._run_id, at=at, due_at=due_at)

        await retry_while_unavailable(give_back)
        return PollResult(source=source, run_id=self._run_id, at=at, seconds=0.0, outcome="unchanged", due_at=due_at)

    async def _look(self, source: Source, folder: Folder) -> tuple[FolderPoll, float]:
        """Take the files that are whole; return what they came to, and the seconds until the next look."""
        memory = self._memories.setdefault(source.id, FolderState())
        arrived = set(memory.arrived)
        files = await folder.files()
        media: dict[str, list[File]] = {}
        for file in files:
            if file.is_media:
                media.setdefault(stem(file.name), []).append(file)
        items = [file for file in files if not file.is_media]
        whole, wait = self._whole(memory, items, wait=self._interval(source))
        memory.arrived -= arrived - {file.name for file in items}
        memory.stuck &= set(items)
        look = FolderPoll(source, folder, memory, media)
        for some in _together(sorted(whole, key=lambda file: file in memory.stuck)[:MAX_FILES]):
            if look.trouble and (_ends_the_look(look.trouble) or len(memory.stuck) >= _MAX_STUCK):
                break
            await self._take(look, some)
        # What came meanwhile was in no listing.
        return look, 0.0 if look.files else wait

    def _interval(self, source: Source) -> float:
        """Return the seconds until a folder is looked at again."""
        return (source.interval or self._timing().folder_interval) if is_remote_folder(source.url) else INTERVAL

    def _whole(self, memory: FolderState, files: Sequence[File], *, wait: float) -> tuple[list[File], float]:
        """Return the files that nobody writes to any more, and in how many seconds, `wait` at most, others may be."""
        settle, now, clock = self._timing().settle, monotonic(), time_ns()
        seen = {file.name: memory.seen.get(file.name, (file, now)) for file in files}
        memory.seen = {file.name: seen[file.name] if seen[file.name][0] == file else (file, now) for file in files}
        whole = []
        for file in files:
            left = settle - (now - memory.seen[file.name][1])
            touched = max(file.modified, file.changed) if file.changed is not None else clock
            is_old = clock - touched > max(_OLD_NANOSECONDS, settle * 10**9)
            if left <= 0 or is_old or file.name in memory.arrived:
                whole.append(file)
            else:
                wait = min(wait, left)
        return whole, wait

    async def _take(self, look: FolderPoll, files: Sequence[File]) -> None:
        """Read some files, commit what they say at once, and put them away."""
        with self._room.reservation() as reservation:
            await reservation.reserve(min(sum(file.size for file in files), self._max_body))
            replies: list[tuple[File, Reply]] = []
            for file in files:
                if look.trouble and _ends_the_look(look.trouble):
                    break
                if (reply := await self._read(look, file)) is not None:
                    replies.append((file, reply))
            async with self._poller.push_lock(look.source.id):
                polls = await self._poller.push_all(look.source, [reply for _, reply in replies], keeps_claim=True)
        for (file, _), done in zip(replies, polls, strict=True):
            if isinstance(done, PollResult):
                _note_poll(look, done)
                look.files += 1
                await self._put_away(look, file, None)
            else:
                await self._failed(look, file, done)

    async def _read(self, look: FolderPoll, file: File) -> Reply | None:
        """Return a file as if it had been fetched; None when it is gone, still being written, or cannot be read."""
        log.debug("file", source=without_userinfo(look.source.url), file=file.name)
        try:
            body = await look.folder.read(file, self._max_body)
            media = {} if body is None else await _media_of(look, file)
        except IngestError as error:
            await self._failed(look, file, error)
            return None
        if body is None:
            look.memory.arrived.discard(file.name)
            return None
        url = _url(look.source, file)
        return Reply(url=url, final_url=url, status=200, body=body, media=media)

    async def _failed(self, look: FolderPoll, file: File, error: IngestError) -> None:
        """Note why a file was not read, and put it away where that is its own fault."""
        if isinstance(error, Inaccessible):
            _is_stuck(look, file, error)
        elif _ends_the_look(error):
            look.trouble = error
        else:
            reason = f"{type(error).__name__}: {error}"
            await self._note(look.source, file, error)
            log.warning("file cannot be read", source=without_userinfo(look.source.url), file=file.name, reason=reason)
            look.files += 1
            await self._put_away(look, file, reason)

    async def _put_away(self, look: FolderPoll, file: File, reason: str | None) -> None:
        # Whoever writes to it from now on has not finished.
        look.memory.arrived.discard(file.name)
        media = look.media.pop(stem(file.name), [])
        place: Subfolder = "done" if reason is None else "error"
        said = f"{reason}\n" if reason else None
        try:
            # What was written to once more is read once more.
            moved = await look.folder.move_to(file, place, media, reason=said)
        except Inaccessible as error:
            _is_stuck(look, file, error)
            return
        except FetchError as error:
            look.trouble = error
            return
        if moved:
            look.memory.seen.pop(file.name, None)
            look.memory.stuck.discard(file)

    async def _note(self, source: Source, file: File, error: IngestError) -> None:
        failure = failure_of(
            error, stage=stage_of(error), at=datetime.now(UTC), attempt=1, url=_url(source, file), source_id=source.id
        )

        async def note() -> None:
            async with self._database.write() as connection:
                await failures.add(connection, [failure])

        await retry_while_unavailable(note)


async def _media_of(look: FolderPoll, file: File) -> dict[str, str]:
    """Return the media that go with a file by their names, and where they are once they are put away."""
    done = f"{without_userinfo(look.source.url)}done/"
    media = look.media.get(stem(file.name), ())
    return {one.name: done + _quoted(await look.folder.target_name(one, "done")) for one in media}


def _together(files: Sequence[File]) -> Iterator[list[File]]:
    """Yield files that are taken together, in their order: few of them, or small ones."""
    some: list[File] = []
    for file in files:
        if some and (len(some) == BATCH_SIZE or sum(one.size for one in some) + file.size > SMALL_BODY):
            yield some
            some = []
        some.append(file)
    if some:
        yield some


def _note_poll(look: FolderPoll, poll: PollResult) -> None:
    look.source = replace(look.source, last_new_at=poll.at if poll.new else look.source.last_new_at)
    look.new += poll.new
    look.changed += poll.changed
    look.listed += len(poll.new) + (poll.known or 0)
    look.size += poll.size or 0


def _is_stuck(look: FolderPoll, file: File, error: IngestError) -> None:
    look.memory.stuck.add(file)
    look.trouble = look.trouble or error


def _ends_the_look(error: IngestError) -> bool:
    """Say whether there is no use in going on: it is ours, or of the connection, and no file's."""
    return error.local or (isinstance(error, FetchError) and not isinstance(error, Inaccessible | TooLarge))


def _url(source: Source, file: File) -> str:
    return without_userinfo(source.url) + _quoted(file.name)


def _quoted(name: str) -> str:
    return quote(name, errors="surrogateescape")

"""Poll a drop folder: read its complete files, commit their entries, and only then move the files.

If the process dies in between, the next poll reads the files again; their entries are known by then, and nothing is
stored twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from urllib.parse import quote

import structlog

from ingestd.drops.files import File, Folder, Subfolder, stem
from ingestd.errors import Busy, FetchError, Inaccessible, IngestError, LoginRefused, TooLarge
from ingestd.model.reply import Reply
from ingestd.model.source import Source
from ingestd.model.timing import Timing
from ingestd.pipeline.folder_opener import FolderOpener
from ingestd.pipeline.folder_state import FolderState, batches
from ingestd.pipeline.poll import Poller
from ingestd.store.database import Database
from ingestd.store.operations import failures
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.polls import source_updates
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.urls import is_remote_folder, without_userinfo
from ingestd.web.body.memory_budget import MemoryBudget

log = structlog.get_logger(__name__)

#: Seconds until the next poll of a local folder that is not watched for new files; of any folder after a failed poll;
#: and after a refused login, since servers lock out users after too many wrong passwords.
INTERVAL, AFTER_ERROR, AFTER_LOGIN_REFUSED = 5.0, 60.0, 900.0

#: Maximum number of files read in one poll.  Then the folder is due again, so that other sources get their turn and a
#: pause takes effect.
MAX_FILES = 100

#: Number of stuck files at which a poll ends early.
_MAX_STUCK = 20


@dataclass(slots=True)
class FolderPoll:
    """The progress of one poll of a folder."""

    source: Source
    folder: Folder
    state: FolderState
    #: Stem of a file name → the media files with that stem.
    media: dict[str, list[File]]
    #: Files that were read, including unreadable ones that were moved to `error`.
    files: int = 0
    listed: int = 0
    new: list[ListedEntry] = field(default_factory=list)
    changed: list[ListedEntry] = field(default_factory=list)
    #: In bytes.
    size: int = 0
    warnings: list[str] = field(default_factory=list)
    #: The first error that has another cause than a file's content, or the error that ended the poll.
    error: IngestError | None = None


class DropFolderPoller:
    """Poller of drop folders; the files that it reads count against `memory_budget`."""

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
        self._memory_budget = memory_budget
        self._timing = timing
        self._max_body = max_body
        self._states: dict[int, FolderState] = {}

    def note_arrival(self, source_id: int, name: str) -> None:
        """Note that a file was moved into a folder, or renamed there, and is therefore complete."""
        self._states.setdefault(source_id, FolderState()).arrived.add(name)

    async def poll(self, source: Source) -> PollResult:
        """Poll the folder of a claimed source, oldest file first, and commit the result.

        The folder is due again at once if there may be more files to read, else as soon as an incomplete file may be
        complete, and after its interval at the latest.
        """
        started, at = monotonic(), datetime.now(UTC)
        folder_poll, first_error, wait = None, None, 0.0
        try:
            async with self._folders.open(source.url) as folder:
                folder_poll, wait = await self._poll_folder(source, folder)
                first_error = folder_poll.error
        except IngestError as error:
            first_error = error
        poll = await self._release(folder_poll.source if folder_poll else source, at, wait, first_error)
        poll.seconds = monotonic() - started
        if folder_poll and folder_poll.files:
            poll.listed, poll.size = folder_poll.listed, folder_poll.size
            poll.new, poll.changed = tuple(folder_poll.new), tuple(folder_poll.changed)
            poll.document_warnings = tuple(folder_poll.warnings)
            if not poll.failure:
                poll.outcome = "new" if poll.new or poll.changed else "known"
        return poll

    async def _release(self, source: Source, at: datetime, wait: float, error: IngestError | None) -> PollResult:
        """Release the claim; the source is due again in `wait` seconds, or later after an error."""
        if error:
            wait = AFTER_LOGIN_REFUSED if isinstance(error, LoginRefused) else AFTER_ERROR
            return await self._poller.fail(source, at, error, wait=wait)
        due_at = datetime.now(UTC) + timedelta(seconds=wait)

        async def release() -> None:
            async with self._database.write() as connection:
                await source_updates.release_drop_folder(connection, source, self._run_id, at=at, due_at=due_at)

        await self._poller.retries.while_unavailable(release)
        return PollResult(source=source, run_id=self._run_id, at=at, seconds=0.0, outcome="unchanged", due_at=due_at)

    async def _poll_folder(self, source: Source, folder: Folder) -> tuple[FolderPoll, float]:
        """Read the complete files; return the progress and the seconds until the next poll."""
        state = self._states.setdefault(source.id, FolderState())
        arrived = set(state.arrived)
        files = await folder.files()
        media: dict[str, list[File]] = {}
        for file in files:
            if file.is_media:
                media.setdefault(stem(file.name), []).append(file)
        items = [file for file in files if not file.is_media]
        complete, wait = state.complete_files(items, settle=self._timing().settle, wait=self._interval(source))
        state.arrived -= arrived - {file.name for file in items}
        state.stuck &= set(items)
        folder_poll = FolderPoll(source, folder, state, media)
        for batch in batches(sorted(complete, key=lambda file: file in state.stuck)[:MAX_FILES]):
            if folder_poll.error and (_ends_poll(folder_poll.error) or len(state.stuck) >= _MAX_STUCK):
                break
            await self._read_batch(folder_poll, batch)
        # If any were read, poll again at once: files that arrived meanwhile were not in the listing.
        return folder_poll, 0.0 if folder_poll.files else wait

    def _interval(self, source: Source) -> float:
        """Return the seconds until the next poll of a folder that has no new files."""
        return (source.interval or self._timing().folder_interval) if is_remote_folder(source.url) else INTERVAL

    async def _read_batch(self, folder_poll: FolderPoll, files: Sequence[File]) -> None:
        """Read files, commit their entries together, and move the files."""
        with self._memory_budget.reservation() as reservation:
            await reservation.reserve(min(sum(file.size for file in files), self._max_body))
            replies: list[tuple[File, Reply]] = []
            for file in files:
                if folder_poll.error and _ends_poll(folder_poll.error):
                    break
                if (reply := await self._read(folder_poll, file)) is not None:
                    replies.append((file, reply))
            async with self._poller.push_lock(folder_poll.source.id):
                results = await self._poller.push_all(
                    folder_poll.source, [reply for _, reply in replies], keeps_claim=True
                )
        for (file, _), result in zip(replies, results, strict=True):
            if isinstance(result, PollResult):
                _add_result(folder_poll, result)
                folder_poll.files += 1
                await self._move(folder_poll, file, None)
            else:
                await self._handle_error(folder_poll, file, result)

    async def _read(self, folder_poll: FolderPoll, file: File) -> Reply | None:
        """Return a file as if it had been fetched.  None: it is gone, still being written, or unreadable."""
        log.debug("file", source=without_userinfo(folder_poll.source.url), file=file.name)
        try:
            body = await folder_poll.folder.read(file, self._max_body)
            media = {} if body is None else await _media_of(folder_poll, file)
        except IngestError as error:
            await self._handle_error(folder_poll, file, error)
            return None
        if body is None:
            folder_poll.state.arrived.discard(file.name)
            return None
        url = _url(folder_poll.source, file)
        return Reply(url=url, final_url=url, status=200, body=body, media=media)

    async def _handle_error(self, folder_poll: FolderPoll, file: File, error: IngestError) -> None:
        """Record why a file could not be read; move it to `error` if its content is the cause."""
        if isinstance(error, Inaccessible):
            _note_stuck(folder_poll, file, error)
        elif _ends_poll(error):
            folder_poll.error = error
        else:
            reason = f"{type(error).__name__}: {error}"
            await self._add_failure(folder_poll.source, file, error)
            log.warning(
                "file cannot be read", source=without_userinfo(folder_poll.source.url), file=file.name, reason=reason
            )
            folder_poll.files += 1
            await self._move(folder_poll, file, reason)

    async def _move(self, folder_poll: FolderPoll, file: File, reason: str | None) -> None:
        # Should the file be written to from now on, it must settle again before it counts as complete.
        folder_poll.state.arrived.discard(file.name)
        media = folder_poll.media.pop(stem(file.name), [])
        subfolder: Subfolder = "done" if reason is None else "error"
        try:
            # A file that has changed since it was read is not moved, and the next poll reads it again.
            moved = await folder_poll.folder.move_to(file, subfolder, media, reason=f"{reason}\n" if reason else None)
        except Inaccessible as error:
            _note_stuck(folder_poll, file, error)
            return
        except FetchError as error:
            folder_poll.error = error
            return
        if moved:
            folder_poll.state.seen.pop(file.name, None)
            folder_poll.state.stuck.discard(file)

    async def _add_failure(self, source: Source, file: File, error: IngestError) -> None:
        failure = failure_of(
            error,
            stage=stage_of(error, of_document=True),
            at=datetime.now(UTC),
            attempt=1,
            url=_url(source, file),
            source_id=source.id,
        )

        async def add() -> None:
            async with self._database.write() as connection:
                await failures.add(connection, [failure])

        await self._poller.retries.while_unavailable(add)


async def _media_of(folder_poll: FolderPoll, file: File) -> dict[str, str]:
    """Return the media files that belong to a file: name → the URL that each has once it is moved."""
    done = f"{without_userinfo(folder_poll.source.url)}done/"
    media = folder_poll.media.get(stem(file.name), ())
    return {one.name: done + _quoted(await folder_poll.folder.target_name(one, "done")) for one in media}


def _add_result(folder_poll: FolderPoll, poll: PollResult) -> None:
    folder_poll.source = replace(
        folder_poll.source,
        last_new_at=poll.at if poll.new else folder_poll.source.last_new_at,
        warnings=folder_poll.source.warnings if poll.warnings is None else poll.warnings,
    )
    folder_poll.warnings += poll.document_warnings
    folder_poll.new += poll.new
    folder_poll.changed += poll.changed
    folder_poll.listed += len(poll.new) + (poll.known or 0)
    folder_poll.size += poll.size or 0


def _note_stuck(folder_poll: FolderPoll, file: File, error: IngestError) -> None:
    folder_poll.state.stuck.add(file)
    folder_poll.error = folder_poll.error or error


def _ends_poll(error: IngestError) -> bool:
    """Return whether an error ends the poll: a local failure, or one that affects the connection, not just a file."""
    # Busy: another run has taken over the folder.
    return (
        error.local
        or isinstance(error, Busy)
        or (isinstance(error, FetchError) and not isinstance(error, Inaccessible | TooLarge))
    )


def _url(source: Source, file: File) -> str:
    return without_userinfo(source.url) + _quoted(file.name)


def _quoted(name: str) -> str:
    return quote(name, errors="surrogateescape")

"""The files of a drop folder between two polls: which are complete, which are stuck, and which to read together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic, time_ns

from ingestd.drops.files import File
from ingestd.web.body.memory_budget import SMALL_BODY

#: Maximum number of files that are read concurrently and committed together.
BATCH_SIZE = 20

#: A file that has not been modified for this long, by the clock of this host, is complete when it is first listed.
_OLD_NANOSECONDS = 60 * 10**9


@dataclass(slots=True)
class FolderState:
    """The state of a folder between polls; it is kept in memory only, since a new process can build it again."""

    #: Name → the file as last listed, and since when it has been unchanged (monotonic).
    seen: dict[str, tuple[File, float]] = field(default_factory=dict)
    #: Names of files that were moved into the folder and are therefore complete.
    arrived: set[str] = field(default_factory=set)
    #: Files that could not be read or moved; the next poll reads them after all others.
    stuck: set[File] = field(default_factory=set)

    def complete_files(self, files: Sequence[File], *, settle: float, wait: float) -> tuple[list[File], float]:
        """Return the files that are complete, and the seconds, at most `wait`, until others may be.

        A file is complete if it has not changed for `settle` seconds.
        """
        now, clock = monotonic(), time_ns()
        seen = {file.name: self.seen.get(file.name, (file, now)) for file in files}
        self.seen = {file.name: seen[file.name] if seen[file.name][0] == file else (file, now) for file in files}
        complete = []
        for file in files:
            left = settle - (now - self.seen[file.name][1])
            touched = max(file.modified, file.changed) if file.changed is not None else clock
            is_old = clock - touched > max(_OLD_NANOSECONDS, settle * 10**9)
            if left <= 0 or is_old or file.name in self.arrived:
                complete.append(file)
            else:
                wait = min(wait, left)
        return complete, wait


def batches(files: Sequence[File]) -> Iterator[list[File]]:
    """Yield files in batches, in their order: at most BATCH_SIZE files that together have the size of a small body."""
    batch: list[File] = []
    for file in files:
        if batch and (len(batch) == BATCH_SIZE or sum(one.size for one in batch) + file.size > SMALL_BODY):
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch

"""The port of the engines: `local`, the dispatchers of one process, and others that share the work among machines."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, Protocol

from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records.outcomes import EntryOutcome

Kind = Literal["polls", "pages", "revisits"]

KINDS: tuple[Kind, ...] = ("polls", "pages", "revisits")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """Numbers of the jobs under way, and of those that are claimed and wait for a slot."""

    polls: int = 0
    pages: int = 0
    revisits: int = 0
    waiting: int = 0

    @property
    def total(self) -> int:
        """Polls and pages, under way or waiting: what a stop waits for, and a progress bar counts."""
        return self.polls + self.pages + self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """What an engine calls with the result of each job, and with whether a claim was committed."""

    on_poll: Callable[[PollResult], None]
    on_page: Callable[[EntryOutcome], None]
    on_revisit: Callable[[EntryOutcome], None]
    on_claim: Callable[[bool], None]


class Engine(Protocol):
    """Claims what is due and works on it, with the manners that each site asks for."""

    async def run(self) -> None:
        """Work until `stop` is called and the work under way has ended."""

    async def run_until_idle(self, kinds: Collection[Kind] = ("polls", "pages")) -> None:
        """Work on what is due, one kind after the other, until nothing of these kinds is."""

    def stop(self) -> None:
        """Start no more work."""

    def nudge(self, kinds: Collection[Kind] = KINDS) -> None:
        """Look for due work of these kinds now."""

    def at_work(self) -> AtWork:
        """Return how much this process works on."""

    def trouble(self) -> str | None:
        """Return why this process takes no work; None: it does."""

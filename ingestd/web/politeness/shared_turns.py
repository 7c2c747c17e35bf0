"""The port through which a pacing shares the manners at sites with other processes, on this host or elsewhere."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether a process may ask a site now."""

    is_granted: bool
    #: Seconds for which the site has asked to be left alone.
    held_for: float = 0.0
    #: Seconds until it is worth to ask again for a permission that was not granted.
    wait: float = 0.0
    #: The longest delay between two requests that an origin of the site asks for, in seconds.
    delay: float = 0.0


class SharedTurns(Protocol):
    """Permissions to ask sites: of all processes that share them, one at a time has a site."""

    async def take(self, site: str, delay: float) -> Permission:
        """Ask for a permission for one request, after which the site is left alone for `delay` seconds.

        A process keeps the site that it was granted until `give_back`.  Raises FetchError when nobody can tell.
        """

    def give_back(self, site: str, wait: float) -> None:
        """Let other processes have a site, which nobody asks for `wait` more seconds."""

    def learn(self, site: str, *, delay: float, held_for: float) -> None:
        """Store what a site asks for: seconds between two requests, and for which to leave it alone."""

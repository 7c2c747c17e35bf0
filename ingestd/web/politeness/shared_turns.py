"""The port through which a pacing shares the manners at sites with other processes, on this host or elsewhere."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """The consecutive failures of a site, and what its breaker has come to."""

    count: int = 0
    #: Seconds for which the breaker opened last; 0: it is closed.
    wait: float = 0.0
    #: Seconds until the site may be probed.
    left: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether a process may ask a site now."""

    is_granted: bool
    #: Seconds for which the site has asked to be left alone, or is left alone because it keeps failing.
    held_for: float = 0.0
    #: Seconds until it is worth to ask again for a permission that was not granted.
    wait: float = 0.0
    #: The longest delay between two requests that an origin of the site asks for, in seconds, and that origin; None:
    #: nobody has read one, or this process knows it better.
    delay: float = 0.0
    delay_origin: str | None = None
    #: What the process that had the site before has left; None: this process knows it better.
    failures: Failures | None = None
    #: The network at which the site was last reached; None: not known.
    network: str | None = None


class SharedTurns(Protocol):
    """Permissions to ask sites: of all processes that share them, one at a time has a site."""

    async def take(self, site: str, delay: float) -> Permission:
        """Ask for a permission for one request, after which the site is left alone for `delay` seconds.

        A process keeps the site that it was granted until `give_back`.  Raises FetchError when nobody can tell.
        """

    def give_back(self, site: str, wait: float) -> None:
        """Let other processes have a site, which nobody asks for `wait` more seconds.

        What was learned before is stored before.
        """

    def learn_hold(self, site: str, seconds: float) -> None:
        """Store that nobody asks a site for some seconds."""

    def learn_delay(self, site: str, delay: float, *, origin: str | None, changed: str) -> None:
        """Store the longest delay between two requests that an origin of a site asks for, in seconds.

        `changed` is the origin whose delay has become another.
        """

    def learn_network(self, site: str, network: str) -> None:
        """Store at which network a site was reached."""

    def learn_failures(self, site: str, failures: Failures) -> None:
        """Store how a site fails that this process has."""

"""Whether the endpoint of a consumer takes messages, since when it does not, and when it is tried again."""

from datetime import datetime, timedelta

from ingestd.delivery.engine import retries
from ingestd.model.consumer import Consumer

#: Characters of a reason that are kept.
_REASON = 500


class Endpoint:
    """The state of one endpoint; times are given."""

    def __init__(self, consumer: Consumer) -> None:
        self.failing_since = consumer.failing_since
        self.waits_until = consumer.waits_until
        self.reason = consumer.reason
        self.delivered_at = consumer.delivered_at
        #: Failures of the endpoint, and messages that it refused, since it took one.
        self._failures = self._refused = 0

    @property
    def is_failing(self) -> bool:
        """Whether the last message that reached an end was not delivered because the endpoint is down."""
        return self.failing_since is not None

    def note_success(self, now: datetime) -> None:
        """Note that a message was taken."""
        self.delivered_at = now
        self._failures = self._refused = 0
        self.failing_since = self.waits_until = self.reason = None

    def note_down(self, now: datetime, reason: str, retry_after: float | None, random: float) -> float:
        """Note that the endpoint takes nothing; return for how many seconds it is left alone."""
        self._failures += 1
        seconds = retries.pause(self._failures, retry_after, random)
        self.failing_since = self.failing_since or now
        self.waits_until = now + timedelta(seconds=seconds)
        self.reason = reason[:_REASON]
        return seconds

    def note_refused(self) -> bool:
        """Note that a message was refused; return whether so many were in a row that the endpoint counts as down."""
        self._refused += 1
        return self._refused > retries.REFUSED_IN_A_ROW

    def is_given_up(self, now: datetime) -> bool:
        """Return whether it has failed for so long that its consumer is disabled."""
        since = self.failing_since
        return since is not None and (now - since).total_seconds() >= retries.GIVEN_UP_AFTER

    def remaining(self, now: datetime) -> float:
        """Return for how many seconds the endpoint is still left alone, by a clock that may have been set."""
        if self.waits_until is None:
            return 0.0
        return min(max(0.0, (self.waits_until - now).total_seconds()), retries.LONGEST_ASKED)

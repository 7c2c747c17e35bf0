"""Errors of deliveries to consumers."""

from ingestd.errors.base import IngestError


class DeliveryError(IngestError):
    """A message was not delivered."""


class EndpointDown(DeliveryError):
    """The endpoint takes nothing at present, whatever the message: it cannot be reached, or asks to wait.

    `retry_after` is in seconds, None: the endpoint names no time.  `status` is the HTTP status, None: no response.
    """

    def __init__(self, reason: str, retry_after: float | None = None, status: int | None = None) -> None:
        super().__init__(reason, retry_after, status)
        self.reason = reason
        self.retry_after = retry_after
        self.status = status

    def __str__(self) -> str:
        return self.reason


class EndpointGone(DeliveryError):
    """The endpoint says that it takes no message any more, or its settings cannot work: the consumer is disabled."""

    fate = "never"

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason, status)
        self.reason = reason
        self.status = status

    def __str__(self) -> str:
        return self.reason


class MessageRefused(DeliveryError):
    """The endpoint did not take this message, though it may take others; `excerpt` is the first 1 kB of its answer."""

    def __init__(self, reason: str, status: int | None = None, excerpt: str | None = None) -> None:
        super().__init__(reason, status, excerpt)
        self.reason = reason
        self.status = status
        self.excerpt = excerpt

    def __str__(self) -> str:
        return self.reason

"""Replies: the responses of servers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ingestd.model.answer import Answer, Headers, Redirect
from ingestd.model.source import NO_VALIDATORS, Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The response of a server: 200 with a body, or 304 or 204 without."""

    #: The requested URL.
    url: str
    #: The URL after redirects.
    final_url: str
    status: int
    #: Decoded (Content-Encoding); empty for 304 and 204.
    body: bytes = b""
    #: The Content-Type header as sent.
    content_type: str | None = None
    validators: Validators = NO_VALIDATORS
    #: How long the response stays fresh, in seconds (RFC 9111, 4.2).  None: the response does not state it.
    fresh_for: float | None = None
    #: The URL that permanent redirects led to, before any temporary one.  None: no permanent redirect.
    permanent: str | None = None
    #: The validators of the response at `final_url`.
    final_validators: Validators = NO_VALIDATORS
    #: The reason phrase, and name and value of each header as received, without secrets; no headers of a 304, and of
    #: a 204 that says the same: no document is stored with them.
    reason: str = ""
    headers: Headers = ()
    #: The redirects that were followed, in order.
    redirects: tuple[Redirect, ...] = ()
    #: Hub and topic in the Link header (W3C WebSub, 4).
    hub: str | None = None
    topic: str | None = None
    #: The next page of a list in the Link header (RFC 8288), absolute.
    next_page: str | None = None
    #: Media files delivered with a file in a drop folder: name → URL after they are moved.  They belong to the wire
    #: item if it is the only one in the document.
    media: Mapping[str, str] = field(default_factory=dict)

    def answer(self, at: datetime) -> Answer | None:
        """Return the status and headers as an answer fetched at `at`; None when no server sent them."""
        if not self.headers:
            return None
        return Answer(
            url=self.url, final_url=self.final_url, status=self.status, reason=self.reason, headers=self.headers,
            fetched_at=at, redirects=self.redirects,
        )  # fmt: skip

    @property
    def not_modified(self) -> bool:
        """Whether this is a 304, which has no body."""
        return self.status == 304

    @property
    def has_no_document(self) -> bool:
        """Whether the server only says that there is nothing new: 304, or 204 (RFC 9110, 15.3.5)."""
        return self.status in (204, 304)

"""A server's answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingestd.model.source import NO_VALIDATORS, Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A server's answer: 200 with a body, or 304 without."""

    #: What was asked for, and where redirects led.
    url: str
    final_url: str
    status: int
    #: Decoded (Content-Encoding), empty for 304.
    body: bytes = b""
    #: The Content-Type header as sent.
    content_type: str | None = None
    validators: Validators = NO_VALIDATORS
    #: How long the answer stays fresh (seconds); None when it does not say.
    fresh_for: float | None = None
    #: Where permanent redirects led, before any that were not; and the validators of what answered there.
    permanent: str | None = None
    final_validators: Validators = NO_VALIDATORS
    #: What the Link header names as hub and topic (W3C WebSub, 4).
    hub: str | None = None
    topic: str | None = None
    #: Media files that came with a file of a drop folder: name → where each is from now on.  They belong to the wire
    #: item that is alone in the document.
    media: Mapping[str, str] = field(default_factory=dict)

    @property
    def not_modified(self) -> bool:
        """Whether this is a 304, which has no body."""
        return self.status == 304

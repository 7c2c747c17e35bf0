"""What the head of an answer says: validators, when to come again, and whether it is an answer at all."""

from datetime import UTC, datetime

import aiohttp

from ingestd.errors import BrokenReply
from ingestd.model.reply import Reply
from ingestd.model.source import NO_VALIDATORS, Validators
from ingestd.times import parse_http_date
from ingestd.web.freshness import fresh_for
from ingestd.web.link_header import related
from ingestd.web.target import Target

#: Seconds; nobody keeps us away for longer than a day by one header.
LONGEST_RETRY_AFTER = 86_400.0


def reply_of(
    asked: Target,
    target: Target,
    sent: Validators,
    response: aiohttp.ClientResponse,
    body: bytes,
    *,
    permanent: Target | None = None,
    whole: bool = True,
) -> Reply:
    """Return the answer of `target` as the reply to what was `asked` with the validators `sent`.

    `permanent` is where permanent redirects led before any other.
    Raises BrokenReply when it is neither a 200, or where it need not be `whole` another 2xx, nor a 304 to a
    conditional request.
    """
    found = Validators(etag=header(response, "ETag"), last_modified=header(response, "Last-Modified"))
    final = found
    if target is not asked:
        sent = found = NO_VALIDATORS
    if response.status == 304:
        if not sent:
            raise BrokenReply(target.shown, "HTTP 304, but nothing was asked that it could answer")
        found = Validators(etag=found.etag or sent.etag, last_modified=found.last_modified or sent.last_modified)
    elif response.status != 200 and (whole or not 200 < response.status < 300):
        raise BrokenReply(target.shown, f"HTTP {response.status} is no answer to a GET")
    return Reply(
        url=asked.shown,
        final_url=target.shown,
        status=response.status,
        body=body,
        content_type=header(response, "Content-Type"),
        validators=found,
        fresh_for=fresh_for(response.headers, datetime.now(UTC)),
        permanent=permanent.shown if permanent else None,
        final_validators=final,
        hub=related(response.headers.getall("Link", ()), "hub", target.shown),
        topic=related(response.headers.getall("Link", ()), "self", target.shown),
    )


def header(response: aiohttp.ClientResponse, name: str) -> str | None:
    """Return a header; one that is empty counts as absent, and so does one that is no UTF-8.

    aiohttp reads other bytes as lone surrogates, and drops these when it writes: they could not be echoed.
    """
    value: str | None = response.headers.get(name)
    if not value or not (value.isascii() or value.isprintable()):
        return None
    return value


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds from now, at most a day; None when it makes no sense."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        # Cut before it is read: a number of a thousand digits costs time, and means "never".
        return min(float(text[:20]), LONGEST_RETRY_AFTER)
    when = parse_http_date(text)
    return min(max((when - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER) if when else None

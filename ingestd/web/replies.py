"""The headers of a request, and what a response becomes: a Reply, a Redirect or a refusal.

`make_reply` checks the status and reads validators, freshness and links.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import aiohttp

from ingestd.errors import BrokenReply, Refused
from ingestd.model.answer import Headers, Redirect
from ingestd.model.reply import Reply
from ingestd.model.source import NO_VALIDATORS, Validators
from ingestd.times import parse_http_date
from ingestd.urls import resolve
from ingestd.web.freshness import fresh_for
from ingestd.web.link_header import find_link
from ingestd.web.logins import Login
from ingestd.web.target import Target

# Their values are secrets, of the server or of ours; that a server sent them is kept.
_SECRET_HEADERS = frozenset(
    ("authorization", "authentication-info", "cookie", "proxy-authorization", "set-cookie", "set-cookie2")
)

#: Seconds; a longer Retry-After is shortened to a day.
MAX_RETRY_AFTER = 86_400.0


def request_headers(accept: str, validators: Validators) -> dict[str, str]:
    """Return the headers of a conditional request; without validators it is not conditional."""
    conditions = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {"Accept": accept} | {name: value for name, value in conditions.items() if value is not None}


def make_reply(
    requested: Target,
    target: Target,
    sent: Validators,
    response: aiohttp.ClientResponse,
    body: bytes,
    *,
    permanent: Target | None = None,
    redirects: Sequence[Redirect] = (),
    only_200: bool = True,
    accepts_204: bool = False,
) -> Reply:
    """Return the response of `target` as the reply to a request for `requested` with the validators `sent`.

    `permanent` is where permanent redirects led before any other redirect.
    Raises BrokenReply unless the response is a 200 or 203, whose body a proxy may have changed (or, without `only_200`,
    any 2xx), a 304 to a conditional request or, with `accepts_204`, a 204.
    """
    found = Validators(etag=header(response, "ETag"), last_modified=header(response, "Last-Modified"))
    final = found
    if target is not requested:
        sent = found = NO_VALIDATORS
    is_unchanged = response.status == 304 or (response.status == 204 and accepts_204)
    if is_unchanged:
        if response.status == 304 and not sent:
            raise BrokenReply(target.display_url, "HTTP 304, but the request was not conditional")
        found = Validators(etag=found.etag or sent.etag, last_modified=found.last_modified or sent.last_modified)
    elif response.status not in (200, 203) and (only_200 or not 200 < response.status < 300):
        raise BrokenReply(target.display_url, f"HTTP {response.status} is not a valid answer to a GET")
    links = response.headers.getall("Link", ())
    return Reply(
        url=requested.display_url,
        final_url=target.display_url,
        status=response.status,
        body=body,
        content_type=header(response, "Content-Type"),
        validators=found,
        fresh_for=fresh_for(response.headers, datetime.now(UTC)),
        permanent=permanent.display_url if permanent else None,
        final_validators=final,
        reason=response.reason or "",
        headers=() if is_unchanged else kept_headers(response, target),
        redirects=tuple(redirects),
        hub=find_link(links, "hub", target.display_url) if links else None,
        topic=find_link(links, "self", target.display_url) if links else None,
        next_page=resolve("", find_link(links, "next", target.display_url)) if links else None,
    )


def make_redirect(target: Target, response: aiohttp.ClientResponse, login: Login | None) -> Redirect:
    """Return the redirect that a target answered with."""
    headers = kept_headers(response, target, login)
    return Redirect(url=target.display_url, status=response.status, reason=response.reason or "", headers=headers)


def with_headers(refusal: Refused, target: Target, response: aiohttp.ClientResponse, login: Login | None) -> Refused:
    """Return a refusal with the reason phrase and the headers of its response."""
    refusal.phrase, refusal.headers = response.reason or "", kept_headers(response, target, login)
    return refusal


def kept_headers(response: aiohttp.ClientResponse, target: Target, login: Login | None = None) -> Headers:
    """Return the headers as received, without the values of those that carry or repeat a secret."""
    # A server may repeat what it was sent, in full or as the words of the credentials alone.
    authorization = target.authorization
    secrets = {authorization, authorization.partition(" ")[2]} if authorization else set()
    received = [(_text(name), _text(value)) for name, value in response.raw_headers]
    headers = tuple(
        (name, "" if name.lower() in _SECRET_HEADERS or any(one and one in value for one in secrets) else value)
        for name, value in received
    )
    return login.scrub_headers(headers) if login else headers


def _text(received: bytes) -> str:
    return received.decode("utf-8", "surrogateescape")


def header(response: aiohttp.ClientResponse, name: str) -> str | None:
    """Return a header; an empty one counts as absent, and so does one that is not UTF-8.

    aiohttp reads other bytes as lone surrogates, and drops those when it writes: such a validator cannot be sent back.
    """
    value: str | None = response.headers.get(name)
    if not value or not (value.isascii() or value.isprintable()):
        return None
    return value


def location_of(response: aiohttp.ClientResponse) -> str | None:
    """Return the Location header; bytes that are no UTF-8 are percent-encoded as they are, as browsers do."""
    received = (response.headers.get("Location") or "").encode("utf-8", "surrogateescape")
    try:
        received.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in received)
    return header(response, "Location")


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Parse a Retry-After header (RFC 9110, 10.2.3) into seconds from now, at most a day; None when it is not valid."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        # Truncated before it is parsed: a number of a thousand digits costs time.
        return min(float(text[:20]), MAX_RETRY_AFTER)
    when = parse_http_date(text)
    return min(max((when - now).total_seconds(), 0.0), MAX_RETRY_AFTER) if when else None

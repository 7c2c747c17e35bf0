"""What an endpoint's answer to a message means."""

from collections.abc import Callable
from datetime import datetime

from multidict import CIMultiDictProxy

from ingestd.delivery.kinds.kind import Receipt
from ingestd.errors import DeliveryError, EndpointDown, EndpointGone, MessageRefused
from ingestd.text import collapse
from ingestd.web.replies import parse_retry_after

#: Bytes of an answer that are kept.
EXCERPT = 1024
#: Characters of a Location header that are quoted.
_MAX_LOCATION = 200


def judge(status: int, headers: CIMultiDictProxy[str], excerpt: str | None, now: Callable[[], datetime]) -> Receipt:
    """Return the receipt for an answer, or raise what it means.

    2xx: the endpoint has taken the message.  410: it wants none any more, EndpointGone.  429 and 503: it takes none at
    present, EndpointDown, with the time of Retry-After, which 502 and 504 are only with that header: proxies send
    them also when one message crashes or stalls the program behind, and such a message must not hold up the others.
    Anything else: MessageRefused.  The engine notices when an endpoint refuses everything.
    """
    if 200 <= status < 300:
        return Receipt(status=status, excerpt=excerpt)
    raise _failure(status, headers, excerpt, now)


def _failure(
    status: int, headers: CIMultiDictProxy[str], excerpt: str | None, now: Callable[[], datetime]
) -> DeliveryError:
    if status == 410:
        return EndpointGone("HTTP 410: the endpoint wants no messages any more", status)
    if status in (429, 502, 503, 504):
        retry_after = parse_retry_after(headers.get("Retry-After"), now())
        if retry_after is not None or status in (429, 503):
            return EndpointDown(f"HTTP {status}", retry_after, status)
    if 300 <= status < 400:
        location = collapse(headers.get("Location", ""))[:_MAX_LOCATION]
        to = f" to {location}" if location else ""
        return MessageRefused(f"HTTP {status}: a redirect{to}, which is not followed; set url", status, excerpt)
    return MessageRefused(f"HTTP {status}", status, excerpt)

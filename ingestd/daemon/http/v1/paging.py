"""Pages of lists: a cursor says where a page begins, and the answer's Link header where the next one does (RFC 8288).

A cursor is the key of the last item: it names a place in the order of the list, so a page misses nothing and repeats
nothing when items are added in front of it.  It is nobody's secret and needs no signature: what it names is only
compared with what the caller may see anyway.
"""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ingestd.daemon.http.v1.parameters import MAX_NUMBER
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.reading import INCLUDE_WITHHELD
from ingestd.daemon.http.v1.route import Call, Reply

#: Name of the parameter.
CURSOR = "cursor"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Characters of the longest cursor.
_MAX_LENGTH = 200


def encode(key: Sequence[int | datetime]) -> str:
    """Return the cursor of a key."""
    numbers = [(one - _EPOCH) // timedelta(microseconds=1) if isinstance(one, datetime) else one for one in key]
    return base64.urlsafe_b64encode(json.dumps(numbers, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type[int] | type[datetime]) -> tuple[Any, ...]:
    """Return the key of a cursor, whose parts are of these kinds; raises Problem."""
    wrong = Problem(400, f"{CURSOR} is not of this list; take it from the Link header of the page before")
    if len(cursor) > _MAX_LENGTH or not cursor.isascii():
        raise wrong
    try:
        numbers = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(numbers, list) or len(numbers) != len(kinds):
            raise wrong
        if any(type(one) is not int or abs(one) > MAX_NUMBER for one in numbers):
            raise wrong
        return tuple(
            _EPOCH + timedelta(microseconds=one) if kind is datetime else one
            for kind, one in zip(kinds, numbers, strict=True)
        )
    except (ValueError, OverflowError, RecursionError) as error:
        raise wrong from error


def page(
    call: Call, *, following: str | None, name: str = CURSOR, value: object = None, body: bytes | None = None
) -> Reply:
    """Return the answer with a page; `following` is the value of the parameter `name` for the next page.

    None: this is the last one.  The Link header is relative: it holds below the prefix of a reverse proxy, too.
    """
    if following is None:
        return Reply(value=value, body=body)
    given = [(key, one) for key, one in call.request.query.items() if key != name]
    return Reply(value=value, body=body, headers={"Link": f'<?{urlencode([*given, (name, following)])}>; rel="next"'})


def refuse_probing(call: Call, status: str | None, *names: str) -> None:
    """Raise Problem if a list of what may not be shown is narrowed by words of it, which would tell them."""
    given = [name for name in names if getattr(call.query, name) is not None]
    if given and status not in (None, "usable") and not call.include_withheld:
        raise Problem(400, f"{given[0]} finds only usable records: leave out status, or add {INCLUDE_WITHHELD}=true")

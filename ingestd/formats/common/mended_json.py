"""Read JSON that is damaged in the ways of programs which write it by hand: one slip must not cost the feed."""

import json
import re
from typing import Any

# One without an end reaches to that of the text, so that every quote is looked at once.
_STRING = r'"(?:[^"\\]|\\.|\\\Z)*+(?:"|\Z)'
_STRING_OR_COMMA = re.compile(rf"{_STRING}|,(?=\s*[\]}}])", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:[\"\\/bfnrt]|u[0-9a-fA-F]{4})|\\'?")
_TOKEN = re.compile(rf"{_STRING}|[{{}}\[\]]", re.DOTALL)


def mended_json(text: str) -> Any | None:
    """Return the value of damaged JSON; None when it cannot be told.

    Commas before a closing bracket and markup behind the value are left out, wrong escapes are text.  Of an object
    that was cut off within a list of objects, such as a feed's items, the complete ones are read.
    """
    fixed = _STRING_OR_COMMA.sub(_mended_token, text).lstrip()
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(fixed)
    except RecursionError:
        return None
    except ValueError:
        return _complete_items(fixed)
    # Another value behind it, as in JSON lines, is not left out.
    return value if fixed[end:].lstrip()[:1] in ("", "<", ";", ")") else None


def _mended_token(match: re.Match[str]) -> str:
    return "" if match[0] == "," else _ESCAPE.sub(_mended_escape, match[0])


def _mended_escape(match: re.Match[str]) -> str:
    return {"\\": "\\\\", "\\'": "'"}.get(match[0], match[0])


def _complete_items(text: str) -> Any | None:
    opened: list[str] = []
    end = 0
    for match in _TOKEN.finditer(text):
        sign = match[0]
        if sign in "{[":
            opened.append(sign)
        elif sign in "}]":
            if not opened:
                return None
            opened.pop()
            if sign == "}" and opened == ["{", "["]:
                end = match.end()
    if not end or len(opened) < 2:  # it was not cut off
        return None
    try:
        return json.loads(f"{text[:end]}]}}", strict=False)
    except (ValueError, RecursionError):
        return None

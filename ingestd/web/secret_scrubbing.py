"""Echoes: a parameter that we put into a query string, found again in what the server says, and cut out."""

import re
from functools import lru_cache
from urllib.parse import quote, quote_plus


def without(text: bytes, name: str, value: str) -> bytes:
    """Return a text without a parameter of this name and value, wherever a URL in it has it.

    Found are URLs as they are, as HTML and JSON write them, and those in a parameter of others, as in
    "/login?next=%2Ffeed%3Fkey%3Dabc".  The same name with another value stays, and so does the value elsewhere.
    """
    # Most bodies have none, and to see that takes a hundredth of what the patterns take.
    if any(form.encode() in text for form in _forms(value) | _forms_inside(value)):
        for pattern in _patterns(name, value):
            text = pattern.sub(_join, text)
    return text


@lru_cache(maxsize=64)
def _patterns(name: str, value: str) -> tuple[re.Pattern[bytes], ...]:
    """Return what finds the parameter in a URL, and in a URL that is a parameter itself."""
    plain = _pattern(rb"\?", rb"&(?:amp;|#38;|#x26;)?|\\u0026", rb"=|\\u003[dD]", _forms(name), _forms(value))
    within = _forms_inside(name), _forms_inside(value)
    return plain, _pattern(rb"%(?:25)*3[fF]", rb"%(?:25)*26", rb"%(?:25)*3[dD]", *within)


def _forms(text: str) -> set[str]:
    """Return how a text is written in a query string, where it should be encoded and is not always."""
    return {text, quote(text, safe=""), quote_plus(text)}


def _forms_inside(text: str) -> set[str]:
    """Return how it is written where the whole URL is a parameter."""
    return {quote(form, safe="") for form in _forms(text)}


def _pattern(first: bytes, further: bytes, equals: bytes, names: set[str], values: set[str]) -> re.Pattern[bytes]:
    one_name, one_value = (b"|".join(re.escape(one.encode()) for one in sorted(some)) for some in (names, values))
    pair = b"(?:%s)(?:%s)(?:%s)" % (one_name, equals, one_value)
    return re.compile(
        rb"(?P<lead>%s|%s)%s(?:(?:%s)%s)*(?:(?P<next>%s)|(?![\w.~+/-]))"
        % (first, further, pair, further, pair, further)
    )


def _join(match: re.Match[bytes]) -> bytes:
    """Return what then stands between the parameters before and after."""
    is_first = match["lead"].lower().endswith((b"?", b"3f"))
    return match["lead"] if is_first and match["next"] else match["next"] or b""

"""Remove a secret query parameter from the URLs in a text: servers repeat the URLs they are sent."""

import re
from functools import lru_cache
from urllib.parse import quote, quote_plus


def scrub_parameter(text: bytes, name: str, value: str) -> bytes:
    """Return a text with the parameter of this name and value removed from its query strings.

    URLs are found as they are, as HTML and JSON write them, and as a parameter of another URL, as in
    "/login?next=%2Ffeed%3Fkey%3Dabc".  The name with another value stays, and so does the value elsewhere.
    """
    # Most bodies do not contain the value; this check takes a hundredth of the time of the patterns.
    if any(form.encode() in text for form in _encodings(value) | _nested_encodings(value)):
        for pattern in _patterns(name, value):
            text = pattern.sub(_join, text)
    return text


@lru_cache(maxsize=64)
def _patterns(name: str, value: str) -> tuple[re.Pattern[bytes], ...]:
    """Return the patterns of the parameter in a URL, and in a URL that is itself a parameter."""
    plain = _pattern(rb"\?", rb"&(?:amp;|#38;|#x26;)?|\\u0026", rb"=|\\u003[dD]", _encodings(name), _encodings(value))
    nested = _nested_encodings(name), _nested_encodings(value)
    return plain, _pattern(rb"%(?:25)*3[fF]", rb"%(?:25)*26", rb"%(?:25)*3[dD]", *nested)


def _encodings(text: str) -> set[str]:
    """Return the ways to write a text in a query string, which should encode it but does not always."""
    return {text, quote(text, safe=""), quote_plus(text)}


def _nested_encodings(text: str) -> set[str]:
    """Return the ways to write a text in the query string of a URL that is itself a parameter."""
    return {quote(form, safe="") for form in _encodings(text)}


def _pattern(first: bytes, further: bytes, equals: bytes, names: set[str], values: set[str]) -> re.Pattern[bytes]:
    any_name, any_value = (b"|".join(re.escape(form.encode()) for form in sorted(forms)) for forms in (names, values))
    pair = b"(?:%s)(?:%s)(?:%s)" % (any_name, equals, any_value)
    return re.compile(
        rb"(?P<lead>%s|%s)%s(?:(?:%s)%s)*(?:(?P<next>%s)|(?![\w.~+/-]))"
        % (first, further, pair, further, pair, further)
    )


def _join(match: re.Match[bytes]) -> bytes:
    """Return the separator that remains between the parameters before and after the removed one."""
    is_first = match["lead"].lower().endswith((b"?", b"3f"))
    return match["lead"] if is_first and match["next"] else match["next"] or b""

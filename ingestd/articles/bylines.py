"""Bylines as printed, and the people named in them."""

import re
from collections.abc import Iterable

from ingestd import text

_BY = re.compile(
    r"^(?:(?:written|reported|story|words|posted)\s+)?"
    r"(?:by|von|par|por|di|de la|af|av|door|autor(?:en|es|in)?|text)\s*[:\s]\s*(?=\S)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*(?:;|\||/|•|·|,|\s(?:and|und|et|y|e|og|och|en|i|with|mit)\s|&)\s*")
#: Words that are in no person's name but in those of desks, agencies and roles.
_NOT_A_NAME = re.compile(
    r"\b(staff|editors?|editorial|redaktion|redaktionen|rédaction|redacción|redazione|redactie|redação|wires?|services?|agency|agencies|"
    r"agentur(en)?|agence|agencia|news|newsroom|desk|team|press|presse|reuters|afp|dpa|apa|ap|ansa|efe|bloomberg|correspondent|"
    r"reporter|writer|contributor|columnist|producer|photographer|journalist|admin|author|autor|guest|magazine|online|"
    r"associated|tv|radio|media|network|com|www|inc|ltd|gmbh|company|board|director|professor|senior|chief|updated|published|posted)\b",
    re.IGNORECASE,
)
_NO_PERSON = re.compile(r"[@\d:<>{}=\[\]]|https?|\.(com|org|net|de)\b", re.IGNORECASE)
_MAX_NAME = 60
_MAX_BYLINE = 200


def clean(printed: str | None) -> str | None:
    """Return a byline without its "By"; None when nothing is left, or it is an address, as some metadata has it."""
    line = _BY.sub("", text.collapse(printed)).strip(" ,;|–—-")
    return None if not line or len(line) > _MAX_BYLINE or re.match(r"(https?:|www\.|@)", line) else line


def is_byline(line: str) -> bool:
    """Say whether a line of a page is a byline: it begins with "By" and goes on with a name or a desk."""
    match = _BY.match(line)
    return match is not None and len(line) <= 120 and line[match.end()].isupper() and line[-1] not in ".!?:"


def join(names: Iterable[str]) -> str | None:
    """Return names as one byline, as in "Ann Lee, Bo Ray and Cy Orr"."""
    cleaned = list(dict.fromkeys(filter(None, map(clean, names))))
    if len(cleaned) < 2:
        return cleaned[0] if cleaned else None
    return f"{', '.join(cleaned[:-1])} and {cleaned[-1]}"


def split(bylines: Iterable[str]) -> tuple[str, ...]:
    """Return the people named in bylines, in their order; desks, agencies, roles and addresses are left out."""
    parts = (part for line in bylines for part in _BETWEEN.split(clean(line) or ""))
    return tuple(dict.fromkeys(name for part in parts if (name := _person(part))))


def _person(part: str) -> str | None:
    name = text.collapse(re.sub(r"\([^)]*\)", "", part)).strip(" .,;-–—")
    if not name or len(name) > _MAX_NAME or len(name.split()) > 6 or _NO_PERSON.search(name):
        return None
    if _NOT_A_NAME.search(name) or not name[0].isalpha():
        return None
    # "ssi" is how some desks sign; "our own correspondent" is nobody's name.
    return None if name[0].islower() and " " in name else name

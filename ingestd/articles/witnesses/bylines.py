"""Bylines as printed, and the people, desks and agencies they name."""

import re
from collections.abc import Iterable

from ingestd import text

_BY = re.compile(
    r"^(?:(?:(?:written|reported|story|words|posted|published|(?:an|ein)\s+\w+|veröffentlicht|geschrieben|publié|écrit|"
    r"publicado|escrito)\s+)?(?:by|von|par|por|di|de la|af|av|door)|autor(?:en|es|in)?|auteur|author|text)"
    r"(?:\s*[:\s]\s*(?=\S)|$)",
    re.IGNORECASE,
)
_AND = re.compile(r"\s*(?:;|\||/|•|·|\s(?:and|und|et|y|e|og|och|en|i|with|mit)\s|&)\s*")
#: Words in the names of desks, agencies and roles that do not occur in names of people.
_NOT_A_NAME = re.compile(
    r"\b(staff|editors?|editorial|redaktion|redaktionen|rédaction|redacción|redazione|redactie|redação|"
    r"wires?|services?|agency|agencies|"
    r"agentur(en)?|agence|agencia|news|newsroom|desk|team|press|presse|reuters|afp|dpa|apa|ap|ansa|efe|bloomberg|correspondent|"
    r"reporter|writer|contributor|columnist|producer|photographer|journalist|admin|author|autor|guest|magazine|online|"
    r"associated|tv|radio|media|network|com|www|inc|ltd|gmbh|company|board|director|professor|senior|chief|"
    r"updated|published|posted|veröffentlicht|aktualisiert|publié|publicado|"
    r"comments?|kommentare?|photo|foto)\b",
    re.IGNORECASE,
)
#: Roles and unspecific names, which are not a signature by themselves.
_UNSPECIFIC = re.compile(
    r"(?:(?:the\s+)?(?:(?:news|wire|press)\s+)?(?:agenc(?:y|ies)|services?|wires?)|agenturen|agences|agencias|"
    r"no author|admin|"
    r"(?:\w+\s+)?(?:correspondent|reporter|writer|contributor|columnist|editor|producer|photographer|journalist|guest))",
    re.IGNORECASE,
)
_NO_PERSON = re.compile(r"[@\d:<>{}=\[\]]|https?|\w\.[a-z]{2,4}$", re.IGNORECASE)
_ADDRESS = re.compile(r"[@<>{}=\[\]]|https?:|\bwww\.", re.IGNORECASE)
# A date, a handle or a place after a name: "Ann Lee - May 1, 2024", "Ann Lee @ann", "Ann Lee in Oslo".
_TAIL = re.compile(r"\s+(?:[-–—]\s.*\d|\S*[@\d]|(?:for|für|in|im|aus|from)\s).*$", re.IGNORECASE)
_IN_PARENTHESES = re.compile(r"\([^)]*\)")
_MAX_NAME = 60
_MAX_BYLINE = 200


def clean(printed: str | None) -> str | None:
    """Return a byline without its "By"; None when nothing is left, or it is a URL or handle, as in some metadata."""
    line = _BY.sub("", text.collapse(printed)).strip(" ,;|–—-")
    return None if not line or len(line) > _MAX_BYLINE or re.match(r"(https?:|www\.|@)", line) else line


def is_byline(line: str) -> bool:
    """Return whether a line is a byline: "By" followed by a name or a desk."""
    match = _BY.match(line)
    return match is not None and len(line) <= 120 and line[match.end() :][:1].isupper() and line[-1] not in ".!?:"


def join(names: Iterable[str]) -> str | None:
    """Return names as one byline, such as "Ann Lee, Bo Ray and Cy Orr"; None without names."""
    cleaned = list(dict.fromkeys(filter(None, map(clean, names))))
    if len(cleaned) < 2:
        return cleaned[0] if cleaned else None
    return f"{', '.join(cleaned[:-1])} and {cleaned[-1]}"


def people(bylines: Iterable[str]) -> tuple[str, ...]:
    """Return the people named in bylines, in order; desks, agencies, roles and addresses are left out."""
    parts = (part for line in bylines for signer in _AND.split(clean(line) or "") for part in _between_commas(signer))
    return tuple(dict.fromkeys(name for part in parts if (name := _person(part))))


def signatures(byline: str | None) -> tuple[str, ...]:
    """Return the people, desks and agencies that sign a byline, in order.

    A role or an employer after a person's name and a comma is left out.
    """
    signed: list[str] = []
    for signer in _AND.split(clean(byline) or ""):
        person = None
        for part in _between_commas(signer):
            person, before = _person(part), person
            name = person or (None if before else _organisation(part))
            person = person or before
            if name:
                signed.append(name)
    return tuple(dict.fromkeys(signed))


def _between_commas(signer: str) -> list[str]:
    """Return the parts between commas; the first alone where it is a host name: "paper.example, Oslo, Norway"."""
    parts = [part.strip() for part in signer.split(",")]
    return parts[:1] if re.fullmatch(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", parts[0]) else parts


def _bare(part: str) -> str:
    return _TAIL.sub("", text.collapse(_IN_PARENTHESES.sub("", part))).strip(" .,;-–—")


def _person(part: str) -> str | None:
    name = _bare(part)
    if not name or len(name) > _MAX_NAME or len(name.split()) > 6 or _NO_PERSON.search(name):
        return None
    if _NOT_A_NAME.search(name) or not name[0].isalpha() or name == "red":
        return None
    if name[0].islower():
        # "ssi" may be an author's initials; "annlee" is a login, and "our own correspondent" is not a name.
        return name if len(name) <= 4 else None
    return name


def _organisation(part: str) -> str | None:
    name = text.collapse(_IN_PARENTHESES.sub("", part)).strip(" ,;-–—")
    if not 2 <= len(name) <= _MAX_NAME or name == "red" or _ADDRESS.search(name) or not name[0].isalpha():
        return None
    return None if _UNSPECIFIC.fullmatch(name) else name

"""Bylines as printed, and the people, desks and agencies they name."""

import re
from collections.abc import Iterable

from ingestd import text
from ingestd.articles.agencies.table import BY_NAME, row_of
from ingestd.articles.witnesses import byline_words as words
from ingestd.articles.witnesses import east_asian_names
from ingestd.dates.names import month_number

_NO_PERSON = re.compile(r"[@\d:<>{}=\[\]]|https?|\w\.[a-z]{2,4}$", re.IGNORECASE)
_ADDRESS = re.compile(r"[@<>{}=\[\]]|https?:|\bwww\.", re.IGNORECASE)
# A date, a handle or a place after a name: "Ann Lee - May 1, 2024", "Ann Lee @ann", "Ann Lee in Oslo".
_TAIL = re.compile(
    r"\s+(?:[-–—]\s.*\d|\S*[@\d]|(?:at|um|on|am|le|el)\s+(?:\w+\s+)?\d|(?:for|für|in|im|aus|from|of\s+the)\s).*$",
    re.IGNORECASE,
)
# A date that the style sheet sets apart from the name: "Ann Lee2024-03-05", "Ann LeeMarch 5, 2024".
_GLUED_DATE = re.compile(
    r"(?<=[^\W\d_])\d{4}-\d\d-\d\d.*$|(?<=[a-zß-ÿ])[A-ZÀ-Þ][a-zß-ÿ]{2,}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}.*$"
)
_DIGIT = re.compile(r"\d")
#: A host in parentheses: "The Paper (www.paper.example)".
_HOST = re.compile(r"\((?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\)")
# "CNN Business", "ESPN Deportes": a broadcaster's desk behind a name.
_ACRONYM = re.compile(r"[A-Z]{3,}\s.*[a-z]")
#: One word at the end, behind a bar, is a place or an employer: "Ann Lee | Madrid".
_LONE_WORD = re.compile(r"(?<=[^\W\d_])\s+[|•·]\s+[^\W\d_]+$")
_IN_PARENTHESES = re.compile(r"\([^)]*\)")
_DASH = re.compile(r"\s[-–—]\s")
_KEEPS_DOT = re.compile(r"\s(?:[JS]r|[A-ZÀ-Þ])$")
_MAX_NAME = 60
_MAX_BYLINE = 200
#: Characters of a line that may be a byline.
_MAX_BYLINE_LINE = 120
#: Letters of the code of a desk: "TNN".
_MAX_CODE = 5


def clean(printed: str | None) -> str | None:
    """Return a byline without its "By"; None when nothing is left, or it is a URL or handle, as in some metadata."""
    line = text.collapse(printed)
    folded = line.replace("İ", "i").lower()  # which makes two characters of it; without regard to case it is "i"
    if any(map(folded.__contains__, words.TIME_WORDS)):
        line = words.TIME_BEHIND.sub("", line)
    if _DIGIT.search(line):
        line = _GLUED_DATE.sub("", line)
    line = _without_time_before(line.strip(" ,;|–—-"))
    if any(map(folded.__contains__, words.CREDIT_WORDS)):
        line = words.CREDIT_BEHIND.sub("", line)
    line = words.BY.sub("", line).strip(" ,;|–—-")
    return None if not line or len(line) > _MAX_BYLINE or re.match(r"(https?:|www\.|@)", line) else line


#: "Ann Lee", "Jean-Luc van der Berg".  A line in capitals is more often a heading than a name.
_WORD = r"[^\W\d_a-zß-ÿ][\w.'’-]*"
_WHOLE_NAME = re.compile(rf"{_WORD}(?:\s(?:{_WORD}|d[aei]|de[lnr]?|la|van|von|zu|ten|ter|al|bin|el)){{1,4}}")


def is_whole_name(line: str) -> bool:
    """Return whether a line may be a first name and a family name, by its capitals."""
    return _WHOLE_NAME.fullmatch(line) is not None


def _without_time_before(line: str) -> str:
    """Return a line without the time before its byline; nearly no line has both."""
    folded = f" {line[:_MAX_BYLINE_LINE].lower()} "
    if not any(map(folded.__contains__, words.BY_WORDS)) or not any(map(str.isdigit, line)):
        return line
    return words.TIME_BEFORE.sub("", line)


def is_byline(line: str) -> bool:
    """Return whether a line is a byline: "By" followed by a name or a desk."""
    if len(line) > _MAX_BYLINE_LINE:
        return False
    line = _without_time_before(line)
    match = words.BY.match(line)
    return (
        match is not None
        and (
            line[match.end() :][:1].isupper() or (line[match.end() - 1 : match.end()].isspace() and _is_labelled(line))
        )
        and line[-1] not in ".!?:"
    )


def _is_labelled(line: str) -> bool:
    """Return whether a line has a colon behind its first word or two and a name in a script without capitals."""
    label, colon, names = line.replace("：", ":").partition(":")
    return (
        bool(colon)
        and len(label) <= 15
        and len(names) <= 60
        and not names.strip()[:1].islower()
        and bool(people([line]))
    )


def join(names: Iterable[str]) -> str | None:
    """Return names as one byline, such as "Ann Lee, Bo Ray and Cy Orr"; None without names."""
    cleaned = list(dict.fromkeys(filter(None, map(clean, names))))
    if len(cleaned) < 2:
        return cleaned[0] if cleaned else None
    return f"{', '.join(cleaned[:-1])} and {cleaned[-1]}"


def people(bylines: Iterable[str]) -> tuple[str, ...]:
    """Return the people named in bylines, in order; desks, agencies, roles, places and addresses are left out."""
    return tuple(dict.fromkeys(name for line in bylines for name in _people(clean(line) or "")))


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without parts of other names ("Ann") and without names with more words ("Ann Lee is")."""
    known = tuple(dict.fromkeys(names))
    whole = [name for name in known if " " in name]
    longer = {name for name in known for other in whole if name.startswith(f"{other} ")}
    return tuple(
        name
        for name in known
        if name not in longer and not (" " not in name and any(other.startswith(f"{name} ") for other in whole))
    )


def _people(line: str) -> list[str]:
    if east_asian_names.is_east_asian(line):
        return list(east_asian_names.read(line))
    found: list[str] = []
    for signer in _signers(line):
        if words.NOT_WRITTEN.match(signer):
            continue
        names: list[str] = []
        for part in _between_commas(words.LABEL.sub("", words.BY.sub("", signer))):
            name = _person(part)
            if name and not (names and _is_employer(name, names[0])):
                names.append(name)
        found += names
    # Initials sign beside other initials; the code of a desk, "TNN", stands beside whole names.
    whole = any(" " in name for name in found)
    return [name for name in found if not (whole and name.isupper() and len(name) <= _MAX_CODE and " " not in name)]


def _signers(line: str) -> list[str]:
    without_degrees = words.DEGREES.sub("", words.GENERATION.sub(r" \1", line)) if "," in line or " " in line else line
    without_roles = words.POSTED.sub("", words.OUR.sub("", without_degrees))
    return words.AND.split(_without_place(words.HEBREW_AND.sub(" و ", words.ARABIC_AND.sub(" و ", without_roles))))


def _without_place(line: str) -> str:
    shorter = _LONE_WORD.sub("", line)
    return shorter if " " in shorter else line


def _is_employer(name: str, first: str) -> bool:
    """Return whether a name behind a whole one is a place or an employer: "Ann Lee, Oslo", "Ann Lee, CNN Business"."""
    is_outlet = (_ACRONYM.match(name) is not None and not first.isupper()) or name.startswith("The ")
    is_outlet = is_outlet or name.rpartition(" ")[2].casefold() in words.PAPERS
    return " " in first and not name[0].islower() and (" " not in name or is_outlet)


def signatures(byline: str | None) -> tuple[str, ...]:
    """Return the people, desks and agencies that sign a byline, in order.

    A role or an employer after a person's name and a comma is left out.
    """
    line = clean(byline) or ""
    if east_asian_names.is_east_asian(line):
        return east_asian_names.read(line) or (line,)
    signed: list[str] = []
    for signer in _signers(line):
        person = None
        for part in _between_commas(signer):
            person, before = _person(part), person
            if person and before and _is_employer(person, before):
                person = None
            name = person or (None if before else _organisation(part))
            person = person or before
            if name:
                signed.append(name)
    return tuple(dict.fromkeys(signed))


def _between_commas(signer: str) -> list[str]:
    """Return the parts between commas; the first alone where it is a host name: "paper.example, Oslo, Norway"."""
    parts = [part.strip() for comma in signer.split(",") for part in _before_dash(comma)]
    return parts[:1] if re.fullmatch(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", parts[0]) else parts


def _before_dash(part: str) -> list[str]:
    """Return a whole name without the role, place or employer behind a dash, or else the part itself.

    Vietnamese lists names with dashes; in scripts without capitals a place may stand before the dash.
    """
    before, *behind = _DASH.split(part)
    if behind and all(map(words.VIETNAMESE.search, (before, *behind))):
        return [before, *behind]
    if len(behind) == 1 and not words.HAS_CASE.search(part) and " " not in before.strip() and " " in behind[0].strip():
        return behind
    return [before] if " " in before.strip() else [part]


def _bare(part: str) -> str:
    bracketed = _IN_PARENTHESES.search(part)
    if bracketed and row_of(bracketed[0].strip("( )")) and part[: bracketed.start()].strip().isupper():
        return ""  # "İSTANBUL (DHA)"
    before, _, behind = part.partition("(")[0].strip().rpartition(" ")
    if before.casefold() in words.SOURCE and row_of(behind):
        return ""  # "Theo TTXVN"
    part = _employed(part)
    name = _TAIL.sub("", text.collapse(_IN_PARENTHESES.sub("", part))).strip(" ,;-–—")
    bare = words.TITLES.sub("", name.strip(" .")).strip(" .,;-–—")
    return f"{bare}." if name.endswith(f"{bare}.") and _KEEPS_DOT.search(bare) else bare


def _employed(part: str) -> str:
    """Return a name without the agency's full name behind it: "ADA MARSH Associated Press"."""
    names = part.split()
    for at in (2, 3, 4):
        if len(names) - at >= 2 and " ".join(names[at:]) in BY_NAME:
            return " ".join(names[:at])
    return part


def _person(part: str) -> str | None:
    name = _bare(part)
    if not name or len(name) > _MAX_NAME or len(name.split()) > 6 or _NO_PERSON.search(name) or _HOST.search(part):
        return None
    if words.NOT_A_NAME.search(name) or not name[0].isalpha() or name == "red":
        return None
    if name.casefold() in words.PLACES or row_of(name):
        return None
    if name != part.strip() and " " not in name and month_number(name) and any(map(str.isdigit, part)):
        return None  # "May 5" is a date, "May" may be a name
    if name[0].islower() and name[0] not in words.GEORGIAN:
        # "ssi" may be an author's initials; "annlee" is a login, and "our own correspondent" is not a name.
        return name if len(name) <= 4 else None
    return name


def _organisation(part: str) -> str | None:
    name = text.collapse(_IN_PARENTHESES.sub("", part)).strip(" ,;-–—")
    if not 2 <= len(name) <= _MAX_NAME or name == "red" or _ADDRESS.search(name) or not name[0].isalpha():
        return None
    return None if words.UNSPECIFIC.fullmatch(name) else name

"""Dateline of a news story: place, day and agency, printed before its first sentence.

The general form is a place, a date and an agency of agencies.toml in brackets or between slashes, in any order that
agencies print: "PYONGYANG, June 24 (AP) —", "New Delhi, Mar 5 (PTI) The", "(ANSA) - ROMA, 24 GIU -",
"МОСКВА, 24 июня. /ТАСС/.", "القاهرة (أ ف ب) -", "(서울=연합뉴스) 김민수 기자 =",
"NEW YORK, March 5, 2024 /PRNewswire/ --".
`_FORMS` has the forms that name no known agency, after the AP and Reuters stylebooks, and those without brackets.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from ingestd.articles.agencies.table import (
    any_of,
    dateline_names,
    is_unmistakable,
    row_in_dateline,
    rows_in_brackets,
)
from ingestd.articles.witnesses.dateline_places import DASH_SIGNS, MAX_BEFORE, PLACE_WORDS, Place, has_case
from ingestd.dates.names import is_weekday, month_number

_DASHES = re.escape(DASH_SIGNS)
_DASH = r"(?:\s*[–—―]\s*|\s+--?\s+|\s*--\s*)"
_PARENTHESIS = r"\((?=[^()]*[^\W\d])[^()]{2,60}\)"
# After a place in capitals, any source may stand in parentheses.
_CAPITALS = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.'’/-]+(?:[ ][A-ZÀ-ÖØ-Þ.'’/-]+)*"
_FORMS = (
    re.compile(rf"(?P<line>\([A-Z][\w.&'’ /]{{1,40}}\){_DASH}{_CAPITALS},\s\d{{1,2}}\s[A-ZÀ-Þ]{{3,9}}\.?){_DASH}"),
    re.compile(rf"(?P<line>\((?P<name>[A-Z][\w.&'’ /]{{1,40}})\)){_DASH}"),
    re.compile(rf"(?P<line>{_CAPITALS}(?:,\s[^()\n!?;:]{{1,50}}?)?\s*{_PARENTHESIS}){_DASH}"),
    re.compile(
        rf"(?P<line>{_CAPITALS}(?:,\s+[A-ZÀ-Þ][\w.'’ ]{{1,30}})?)(?:\s*[–—―]\s*|\s+--\s*)(?=[\"“'‘«(]?[A-ZÀ-Þ0-9])"
    ),
    # A release: place, name of the wire and date, between slashes.
    re.compile(
        r"(?P<line>[A-ZÀ-Þ][^/\n!?;:]{1,50} / [A-Z][\w.&' -]{2,30} / (?=[^/\n]*\d{4})[^/\n]{6,28}?)\s*/\s*(?:--?\s*)?"
    ),
    # The reporter of a Japanese or Korean paper: "【ワシントン＝山田太郎】", "[한빛경제=김민수 기자]".
    re.compile(r"(?P<line>【[^【】＝=]{1,12}[＝=](?P<by>[^【】]{2,20})】)\s*"),
    re.compile(
        r"(?P<line>\[[가-힣A-Za-z0-9 ]{1,14}[=＝ ](?P<by>[가-힣]{2,4}\s?(?:인턴)?(?:기자|특파원))\])\s*[=＝]?\s*"
    ),
)
_CAPITALS_ALONE = re.compile(r"[A-ZÀ-ÞА-ЯЁІЇЄΑ-Ω][A-ZÀ-ÞА-ЯЁІЇЄΑ-Ω.-]{1,11}")
#: Characters in which a dateline ends.
_MAX_LENGTH = 140
#: Words before a date that are no place, and characters behind a bracket in which a month is looked for.
_NO_PLACES = frozenset("at on by in from since until before after the a chapter version part match".split())
_MAX_MONTH = 20
#: Letters of a short name that stands alone in brackets; fewer are a mark, such as "(A)" or "(UK)".
_MIN_CODE = 3
_BRACKETS = re.compile(
    r"\(([^()\n]{1,60})\)|\[([^\[\]\n]{1,60})\]|【([^【】\n]{1,40})】|（([^（）\n]{1,60})）"
    r"|［([^［］\n]{1,60})］|/ ?([^/()\[\]\n]{2,40}?) ?/"
)
_AFTER = re.compile(rf"\s*(?P<end>[.:।]?\s*(?:[{_DASHES}|]+|:)[{_DASHES}|\s]*|[.।]\s+)?\s*")
_DATE_AFTER = re.compile(
    rf"\s*[{_DASHES},.]?\s*(?P<date>[^\n]{{4,50}}?)\s*(?P<end>\.?\s*(?:[{_DASHES}]+)\s*|:\s+|/\s*(?:--?)?\s*|$)"
)
_KOREAN_REPORTER = re.compile(
    r"\s*(?P<by>[가-힣]{2,4}(?:\s?[·ㆍ,]\s?[가-힣]{2,4}|\s[가-힣]{2,4}){0,3}\s?(?:선임|인턴|수습|객원|전문)?(?:기자|특파원|통신원))"
    r"\s*[=＝]\s*"
)
_CHINESE_REPORTER = re.compile(r"\s*[（(](?P<by>(?:本社|总台|特约)?(?:记者|記者)[^（）()]{2,40})[）)]\s*")
_NAMES = dateline_names(doubtful=True)
#: An agency without brackets: behind a date, or between dashes.
_BARE = re.compile(
    rf"(?P<before>[^\n!?;:()\[\]]{{2,{MAX_BEFORE}}}?)(?P<sep>\s*[,./{_DASHES}]\s*|\s+)"
    rf"(?P<agency>{any_of([name for name in _NAMES if name[0] < chr(0x3040)])})"
    rf"(?:,\s[^\W\d_][\w ,-]{{1,40}}(?=\.\s))?(?P<end>\s*\.?\s*[{_DASHES}]+\s*|:\s+|\.\s+|\s*$)",
    re.IGNORECASE,
)
#: Words of a place before or behind an agency without brackets.
_MAX_BARE = 3
_GLUED = re.compile(
    rf"(?P<before>[\u0600-\u06ff]+(?:\s[\u0600-\u06ff]+)?)(?:-|\s?/\s?)"
    rf"(?P<agency>{any_of([name for name in _NAMES if chr(0x0600) <= name[0] <= chr(0x06FF)])})\s*(?:[-–:]\s*|\s|$)"
)
_LEADING = re.compile(
    rf"(?P<agency>{any_of([name for name in _NAMES if name[0] < chr(0x0590)])})"
    rf"(?P<place>(?:\s*[/,]\s*|\s)?[^\n!?;:()\[\]–—-]{{0,40}}?)"
    rf"(?P<end>\.-+\s*|\s+[{_DASHES}]+\s+)"
)
_BETWEEN_WORDS = re.compile(r"[\W_]+")
#: The first words of those names.
_FIRST_WORDS = frozenset(_BETWEEN_WORDS.split(name.casefold())[0] for name in _NAMES if name[0] < "\u3040")


def _folded(text: str) -> str:
    """Return a text case-folded, in which the two letters i of Turkish are one, as for patterns without case."""
    return text.casefold().replace("ı", "i").replace("i\u0307", "i")


_BY_FIRST_WORD: dict[str, list[str]] = {}
for _name in map(_folded, _NAMES):
    _BY_FIRST_WORD.setdefault(_BETWEEN_WORDS.split(_name)[0], []).append(_name)
#: What does not stand in front of an agency without brackets.
_NOT_BEFORE = re.compile(r"[\n!?;:()\[\]]")
_CJK_NAMES = any_of([name for name in _NAMES if "\u3040" <= name[0] <= "\u9fff"])
#: "新华社北京3月5日电", "中央社記者王小明台北5日電", in brackets or not.
_CHINESE = re.compile(
    rf"[（(【\[]?(?P<line>(?:据)?(?:{_CJK_NAMES})(?P<by>(?:记者|記者)[^\W\d_]{{2,8}}?)?[^\s。，,（(]{{1,30}}?[日月][^\W\d_]{{0,3}}?[电電讯訊专專综綜]"
    rf"[电電讯訊合]*)[）)】\]]?[：:，,]?\s*"
)

#: Words that are printed like a dateline but are not: labels of the desk, organisations that the sentence is about.
_LABELS = frozenset(
    "breaking,breaking news,developing,just in,exclusive,exclusif,exclusiva,update,updated,updates,live,live updates,"
    "en direct,en vivo,question,answer,watch,read,listen,opinion,opinión,editorial,commentary,analysis,analyse,column,"
    "review,interview,explainer,fact check,correction,corrected,clarification,note,editor's note,editors' note,warning,"
    "photo,photos,foto,fotos,file photo,video,vidéo,audio,gallery,graphic,podcast,pictured,not pictured,poll,sponsored,"
    "advertisement,eu,un,nato,opec,imf,fbi,cia,nasa,unesco,unicef,fifa,uefa,ioc,nba,nfl,nhl,mlb,ncaa".split(",")
)


class Dateline(NamedTuple):
    """A dateline at the start of a paragraph."""

    #: Without the dash behind it; a lone pair of parentheses is left out.
    line: str
    #: Index in the paragraph at which the story begins.
    end: int
    #: The reporter, as printed with the words for reporter; None without one.
    by: str | None = None


def find(paragraph: str) -> Dateline | None:
    """Return the dateline of a paragraph; None without one, or when nothing follows it."""
    head = paragraph[:_MAX_LENGTH]
    found = _of_agency(head) or _by_form(head)
    return found if found and found.end < len(paragraph) else None


def split(paragraph: str) -> tuple[str | None, str]:
    """Return the dateline without its dash or its lone parentheses, and the rest; (None, paragraph) without one."""
    found = find(paragraph)
    return (found.line, paragraph[found.end :]) if found else (None, paragraph)


def of_agency(paragraph: str) -> Dateline | None:
    """Return the dateline if it names a known agency, also where it is the whole paragraph."""
    return _of_agency(paragraph[:_MAX_LENGTH])


@lru_cache(maxsize=16)  # a paragraph is asked for its dateline up to three times in a row
def _of_agency(head: str) -> Dateline | None:
    return _chinese(head) or _in_brackets(head) or _bare(head) or _glued(head) or _leading(head)


def _by_form(head: str) -> Dateline | None:
    for form in _FORMS:
        match = form.match(head)
        if match:
            groups = match.groupdict()
            line = groups.get("name") or match["line"].strip()
            if not _is_label(line):
                return Dateline(line, match.end(), groups.get("by"))
    return None


def _in_brackets(head: str) -> Dateline | None:
    """Return the dateline with an agency in brackets or between slashes.

    An agency that is not known counts in the strictest form alone: a place, a date, capitals in brackets, and a dash.
    """
    unknown = None
    for match in _BRACKETS.finditer(head):
        before, words = head[: match.start()].strip(), next(filter(None, match.groups()))
        place = Place.read(before)
        if place is None:
            break
        if rows_in_brackets(words):
            return _closed(head, match, place, is_known=is_unmistakable(words))
        if unknown is None and place.words and _CAPITALS_ALONE.fullmatch(words):
            unknown = match, place
    return _of_unknown(head, *unknown) if unknown else None


def _of_unknown(head: str, match: re.Match[str], place: Place) -> Dateline | None:
    """Return the dateline with a name in capitals that no known agency has: "Addis Ababa, March 5, 2024 (XNA) - "."""
    words = [word for word in PLACE_WORDS.split(head[: match.start()]) if word]
    is_place = not is_weekday(words[0]) and words[0].casefold() not in _NO_PLACES and month_number(words[0]) is None
    if not is_place or not any(month_number(word) for word in PLACE_WORDS.split(head[: match.end() + _MAX_MONTH])):
        return None  # an event: "Friday, March 5 (PAC) - Concert"
    dated = None if place.has_date else _DATE_AFTER.match(head, match.end())
    if dated and (later := Place.read(dated["date"])) and later.has_date and not later.words:
        return Dateline(head[: dated.end("date")].strip(), dated.end())
    after = _AFTER.match(head, match.end())
    is_closed = after and any(sign in (after["end"] or "") for sign in f"{DASH_SIGNS}:")
    return Dateline(head[: match.end()].strip(), after.end()) if after and is_closed and place.has_date else None


def _closed(head: str, match: re.Match[str], place: Place, *, is_known: bool) -> Dateline | None:
    """Return the dateline whose agency is at `match`, with what belongs to it behind the bracket."""
    end = match.end()
    reporter = _KOREAN_REPORTER.match(head, end) or _CHINESE_REPORTER.match(head, end)
    if reporter:
        return Dateline(head[: reporter.end("by")].strip(), reporter.end(), reporter["by"])
    dated = _DATE_AFTER.match(head, end)
    if dated and (later := Place.read(dated["date"])) and later.has_date and later.words <= (0 if place.words else 4):
        return Dateline(head[: dated.end("date")].strip(), dated.end())
    after = _AFTER.match(head, end)
    if after is None:
        return None
    ending, following = (after["end"] or "").strip(), head[after.end() :].lstrip("\"“”'‘’«„(¿¡")[:1]
    is_cjk = head[match.start()] in "【（［" or "\u3040" <= following <= "\ud7a3"
    lower = following.islower()
    is_slashed = head[match.start()] == "/"
    is_arabic = 1 <= place.words <= 2 and "\u0600" <= following <= "\u06ff" and "وكالة" not in head[: match.start()]
    strong = any(dash in ending for dash in DASH_SIGNS) or ":" in ending
    enough = strong or (
        not lower
        and (
            place.has_date
            or is_cjk
            or is_arabic
            or ((is_known or place.words == 1 or head[: match.start()].rstrip().endswith(":")) and not is_slashed)
            or (not place.words and len(match[1] or "") >= _MIN_CODE)
        )
    )
    if not enough or (is_slashed and not place.words and not strong) or (ending == "." and not place.words):
        return None
    line = head[: match.end()].strip()
    lone = line.startswith("(") and line.endswith(")") and not place.words
    return Dateline(line[1:-1] if lone else line, after.end())


def _may_be_bare(head: str) -> bool:
    """Return whether an agency's name begins where it may stand without brackets."""
    folded = _folded(head)
    words = _BETWEEN_WORDS.split(_NOT_BEFORE.split(folded, maxsplit=1)[0])
    return any(name in folded for word in _BY_FIRST_WORD.keys() & words for name in _BY_FIRST_WORD[word])


def _bare(head: str) -> Dateline | None:
    """Return the dateline with an agency behind a date or between dashes: "Accra, March 5, GNA –", "Rabat - MAP -"."""
    # Words are compared first, because nearly no paragraph has one, and the pattern tries all names behind each word.
    match = _BARE.match(head) if _may_be_bare(head) else None
    place = Place.read(match["before"]) if match else None
    if match is None or place is None or not place.words:
        return None
    sep, end = match["sep"].strip(), match["end"].strip()
    between_dashes = sep and sep in f"{DASH_SIGNS}/." and ":" not in match["before"]
    ends_in_dash = end.lstrip(" .")[:1] in (*DASH_SIGNS, ":") and end.strip(" .") != ""
    is_whole = match.end() == len(head)
    row = row_in_dateline(match["agency"])
    doubtful = row is None or row.doubtful
    between_dashes = between_dashes and not (doubtful and place.words > 1)
    is_caseless = not has_case(match["before"])
    enough = (
        (place.has_date and (sep or ends_in_dash or is_whole))
        or (between_dashes and place.words <= _MAX_BARE and (ends_in_dash or (is_whole and is_caseless)))
        or (sep == "," and ends_in_dash and place.words <= _MAX_BARE and (not doubtful or end.startswith(".-")))
    )
    if not enough:
        return None
    return Dateline(head[: match.start("end")].rstrip(" ."), match.end())


def _glued(head: str) -> Dateline | None:
    """Return the dateline of place and agency with only a dash between them, in Arabic: "دمشق-سانا"."""
    match = _GLUED.match(head)
    place = Place.read(match["before"]) if match else None
    return (
        Dateline(head[: match.end("agency")].strip(), match.end())
        if match and place and place.words <= _MAX_BARE
        else None
    )


def _leading(head: str) -> Dateline | None:
    """Return the dateline that begins with the agency, and no brackets: "EFE - ", "ACN Barcelona.- "."""
    match = None if head.partition(" ")[0].casefold() not in _FIRST_WORDS else _LEADING.match(head)
    row = row_in_dateline(match["agency"], head) if match else None
    if match is None or row is None or row.surname or not head[match.end() :][:1].strip():
        return None
    place = Place.read(match["place"].strip(" /,"))
    is_upper = not head[match.end() :].lstrip('"“‘«„(¿¡')[:1].islower()
    named = match["end"].startswith(".-") or (place and place.has_date)
    named = named or (not row.doubtful and (not match["place"].strip() or match["place"].lstrip()[:1] in "/,"))
    if not (is_upper and named and place and place.words <= _MAX_BARE):
        return None
    return Dateline(head[: match.start("end")].strip(), match.end())


def _chinese(head: str) -> Dateline | None:
    match = _CHINESE.match(head)
    if match is None:
        return None
    reporter = _CHINESE_REPORTER.match(head, match.end())
    if reporter:
        return Dateline(head[: reporter.end()].strip(), reporter.end(), reporter["by"])
    return Dateline(match["line"], match.end(), match["by"])


def _is_label(line: str) -> bool:
    return line.partition(",")[0].strip().casefold().replace("’", "'") in _LABELS

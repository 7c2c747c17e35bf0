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

from ingestd.articles.agencies.table import any_of, dateline_names, row_in_dateline, rows_in_brackets

_DASH_SIGNS = "-–—―－_=＝"
_DASHES = re.escape(_DASH_SIGNS)
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
#: Characters in which a dateline ends.
_MAX_LENGTH = 140
#: Characters of the place and date before the agency, and words of the place.
_MAX_BEFORE = 70
_MAX_WORDS = 7

_BRACKETS = re.compile(
    r"\(([^()\n]{1,60})\)|\[([^\[\]\n]{1,60})\]|【([^【】\n]{1,40})】|（([^（）\n]{1,60})）"
    r"|［([^［］\n]{1,60})］|/ ?([^/()\[\]\n]{2,40}?) ?/"
)
_MONTH = r"[^\W\d_]{3,10}\.?"
_HINDI_MONTHS = "जनवरी|फरवरी|फ़रवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|सितम्बर|अक्टूबर|अक्तूबर|नवंबर|नवम्बर|दिसंबर|दिसम्बर"
_YEAR = r"(?:,?\s*(?:de\s+|del\s+)?\d{4}(?:\s?г\.|\.)?)?"
#: "5 mars 2024", "5. března", "2024. március 5., kedd", "3月5日", "05.03.2024".
_DATE = re.compile(
    rf"\d{{4}}\.\s{_MONTH}\s\d{{1,2}}\.(?:,\s[^\W\d_]{{3,12}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|º|ª)?[./]?\s*(?:de\s+|d['’])?{_MONTH}{_YEAR}"
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
    r"|(?:\d{4}\s?[年년]\s?)?(?:\d{1,2}\s?[月월]\s?)?\d{1,2}\s?[日일]"
    rf"|[\u0900-\u097f\d]{{1,10}}\s(?:{_HINDI_MONTHS})"
)
#: "March 5, 2024", "kovo 5 d.": tried second, or a place before the day would be taken for a month.
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\s*\d{{1,2}}(?:st|nd|rd|th)?(?:\sd\.)?{_YEAR}")
#: Words of a place that are not capitalised.
_CONNECTORS = frozenset(
    "de la le les el los las del da do das dos du des di della of the upon am an der die im in on sur bei ob i и на "
    "den van en al bin au aux d г. год года lunes martes miércoles jueves viernes sábado domingo".split()
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
    rf"(?P<before>[^\n!?;:()\[\]]{{2,{_MAX_BEFORE}}}?)(?P<sep>\s*[,./{_DASHES}]\s*|\s+)"
    rf"(?P<agency>{any_of([name for name in _NAMES if name[0] < chr(0x3040)])})"
    rf"(?:,\s[^\W\d_][\w ,-]{{1,40}}(?=\.\s))?(?P<end>\s*\.?\s*[{_DASHES}]+\s*|:\s+|\.\s+)",
    re.IGNORECASE,
)
_BETWEEN_WORDS = re.compile(r"[\W_]+")
#: The first words of those names.
_FIRST_WORDS = frozenset(_BETWEEN_WORDS.split(name.casefold())[0] for name in _NAMES if name[0] < "\u3040")
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
    return _chinese(head) or _in_brackets(head) or _bare(head)


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
    """Return the dateline with an agency in brackets or between slashes."""
    for match in _BRACKETS.finditer(head):
        before, words = head[: match.start()].strip(), next(filter(None, match.groups()))
        place = _Place.read(before)
        if place is None:
            return None
        rows = rows_in_brackets(words)
        if rows:
            is_known = any(not row.doubtful for row in rows)
            return _closed(head, match, place, is_known=is_known)
    return None


def _closed(head: str, match: re.Match[str], place: "_Place", *, is_known: bool) -> Dateline | None:
    """Return the dateline whose agency is at `match`, with what belongs to it behind the bracket."""
    end = match.end()
    reporter = _KOREAN_REPORTER.match(head, end) or _CHINESE_REPORTER.match(head, end)
    if reporter:
        return Dateline(head[: reporter.end("by")].strip(), reporter.end(), reporter["by"])
    dated = _DATE_AFTER.match(head, end)
    if dated and (later := _Place.read(dated["date"])) and later.has_date and later.words <= (0 if place.words else 4):
        return Dateline(head[: dated.end("date")].strip(), dated.end())
    after = _AFTER.match(head, end)
    if after is None:
        return None
    ending, following = (after["end"] or "").strip(), head[after.end() :].lstrip("\"“”'‘’«„(¿¡")[:1]
    is_cjk = head[match.start()] in "【（［" or "\u3040" <= following <= "\ud7a3"
    lower = following.islower()
    is_slashed = head[match.start()] == "/"
    is_arabic = 1 <= place.words <= 2 and "\u0600" <= following <= "\u06ff" and "وكالة" not in head[: match.start()]
    strong = any(dash in ending for dash in _DASH_SIGNS) or ":" in ending
    enough = strong or (
        not lower and (place.has_date or is_cjk or is_arabic or ((is_known or place.words == 1) and not is_slashed))
    )
    if not enough or (is_slashed and not place.words and not strong) or (ending == "." and not place.words):
        return None
    line = head[: match.end()].strip()
    lone = line.startswith("(") and line.endswith(")") and not place.words
    return Dateline(line[1:-1] if lone else line, after.end())


def _bare(head: str) -> Dateline | None:
    """Return the dateline with an agency behind a date or between dashes: "Accra, March 5, GNA –", "Rabat - MAP -"."""
    # Words are compared first, because nearly no paragraph has one, and the pattern tries all names behind each word.
    match = None if _FIRST_WORDS.isdisjoint(_BETWEEN_WORDS.split(head.casefold())) else _BARE.match(head)
    place = _Place.read(match["before"]) if match else None
    if match is None or place is None or not place.words:
        return None
    between_dashes = (
        match["sep"].strip(" ") and match["sep"].strip() in f"{_DASH_SIGNS}/." and ":" not in match["before"]
    )
    ends_in_dash = match["end"].strip(" .")[:1] in (*_DASH_SIGNS, ":")
    row = row_in_dateline(match["agency"])
    between_dashes = between_dashes and not (row is None or (row.doubtful and place.words > 1))
    if not (place.has_date and match["sep"].strip()) and not (between_dashes and ends_in_dash and place.words <= 3):
        return None
    return Dateline(head[: match.start("end")].rstrip(" ."), match.end())


def _chinese(head: str) -> Dateline | None:
    match = _CHINESE.match(head)
    if match is None:
        return None
    reporter = _CHINESE_REPORTER.match(head, match.end())
    if reporter:
        return Dateline(head[: reporter.end()].strip(), reporter.end(), reporter["by"])
    return Dateline(match["line"], match.end(), match["by"])


class _Place(NamedTuple):
    """What stands before the agency: a place, a date, or both."""

    #: Words of the place.
    words: int
    has_date: bool

    @classmethod
    def read(cls, before: str) -> "_Place | None":
        """Return the words before an agency as place and date; None when they are something else."""
        if len(before) > _MAX_BEFORE or any(char in before for char in '!?;"“”«»'):
            return None
        rest, dates = _DATE.subn(" ", before)
        rest, dates = (rest, dates) if dates else _MONTH_FIRST.subn(" ", before)
        words = [word for part in re.split(r"[\s,/.|:()]+", rest) if (word := part.strip(_DASH_SIGNS))]
        if len(words) > _MAX_WORDS or any(char.isdigit() for char in rest):
            return None
        if not all(word[0].isupper() or not _has_case(word) or word.casefold() in _CONNECTORS for word in words):
            return None
        caseless = sum(not _has_case(word) for word in words)
        return cls(len(words), bool(dates)) if caseless <= 4 else None


def _has_case(word: str) -> bool:
    return any(char.lower() != char.upper() for char in word)


def _is_label(line: str) -> bool:
    return line.partition(",")[0].strip().casefold().replace("’", "'") in _LABELS

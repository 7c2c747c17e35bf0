"""Places and dates as datelines print them."""

import re
import unicodedata
from typing import NamedTuple

#: Dashes, and what agencies print for one.
DASH_SIGNS = "-–—―－_=＝"
#: Characters of the place and date before the agency, and words of the place.
MAX_BEFORE = 70
_MAX_WORDS = 7
#: Vowel signs of Indic and Thai scripts, which are no letters to `re`.
_MARKS = "".join(chr(code) for code in range(0x0900, 0x0F00) if unicodedata.category(chr(code)).startswith("M"))
_MONTH = rf"(?:[^\W\d_]|[{_MARKS}]){{3,12}}\.?"
_HINDI_MONTHS = "जनवरी|फरवरी|फ़रवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|सितम्बर|अक्टूबर|अक्तूबर|नवंबर|नवम्बर|दिसंबर|दिसम्बर"
_YEAR = r"(?:[,/]?\s*(?:de\s+|del\s+)?(?:\d{4}|\d\d(?![\d:.]))(?:\s?г\.|\s?م(?!\w)|\.)?)?"
#: "5 mars 2024", "5. března", "2024. március 5., kedd", "3月5日", "05.03.2024".
_DATE = re.compile(
    rf"\d{{4}}\.\s{_MONTH}\s\d{{1,2}}\.(?:,\s[^\W\d_]{{3,12}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|º|ª)?[./]?\s*(?:de\s+|d['’])?{_MONTH}{_YEAR}"
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}\.\s?\d{1,2}\.(?:\s?\d{4}\.?)?|\d{1,2}\s-\s\d{1,2}(?!\d)"
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
#: What stands between the words of a place.
PLACE_WORDS = re.compile(r"[\s,/.|:()\[\]،۔]+")


class Place(NamedTuple):
    """What stands before the agency: a place, a date, or both."""

    #: Words of the place.
    words: int
    has_date: bool

    @classmethod
    def read(cls, before: str) -> "Place | None":
        """Return the words before an agency as place and date; None when they are something else."""
        if len(before) > MAX_BEFORE or any(char in before for char in '!?;"“”«»'):
            return None
        rest, dates = _DATE.subn(" ", before)
        rest, dates = (rest, dates) if dates else _MONTH_FIRST.subn(" ", before)
        words = [word for part in PLACE_WORDS.split(rest) if (word := part.strip(DASH_SIGNS))]
        if len(words) > _MAX_WORDS or any(char.isdigit() for char in rest):
            return None
        if not all(
            word[0].isupper() or len(word) == 1 or not has_case(word) or word.casefold() in _CONNECTORS
            for word in words
        ):
            return None
        caseless = sum(not has_case(word) for word in words)
        return cls(len(words), bool(dates)) if caseless <= 4 else None


def has_case(word: str) -> bool:
    """Return whether a word is in a script with capitals."""
    return any(char.lower() != char.upper() for char in word)

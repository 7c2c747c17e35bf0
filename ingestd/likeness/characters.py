"""What each character is to the comparison of texts: part of a word, a digit, a capital, a word of its own."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Code points above are rare signs and planes without characters; they count as no part of a word.
TOP = 0x30000
#: POINT: may stand within a number; END: a capital behind it begins a sentence.
WORD, DIGIT, CAPITAL, ALONE, POINT, END, INVISIBLE = 1, 2, 4, 8, 16, 32, 64
#: Scripts without spaces between words, in which each character is a token: Thai and Lao, Burmese, Khmer, kana,
#: ideographs.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF),
    (0x20000, 0x2FFFF),
)  # fmt: skip
#: What some editors paste and others strip; variation selectors among them.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]+")
#: Between digits, before three: "1.200", "1,200", "1'200", and with a space that does not break.
_THOUSANDS = re.compile(r"[.,'’\u00a0\u2009\u202f](?<=\d.)(?=\d{3}(?!\d))")
_SURROGATES = range(0xD800, 0xE000)


class Characters(NamedTuple):
    """Tables by code point, below `TOP`."""

    #: Flags: WORD, DIGIT and so on.
    kinds: NDArray[np.uint8]
    #: The code point of the small letter.
    folded: NDArray[np.uint32]


@lru_cache(maxsize=1)
def characters() -> Characters:
    """Return the tables; the first call takes a twentieth of a second."""
    points = np.arange(TOP, dtype=np.uint32)
    everything = "".join("\0" if point in _SURROGATES else chr(point) for point in range(TOP))
    kinds = np.zeros(TOP, np.uint8)
    for run in re.finditer(r"[^\W_]+", everything):
        kinds[run.start() : run.end()] |= WORD
    for run in re.finditer(r"\d+", everything):
        kinds[run.start() : run.end()] |= DIGIT
    # Signs of vowels and accents, which \w leaves out.
    kinds[[point for point, sign in enumerate(everything) if unicodedata.category(sign) in ("Mn", "Mc")]] |= WORD
    # The one capital whose small letter is two characters, and a small letter that capitals do not tell.
    small = everything.replace("İ", "i").lower().replace("ς", "σ")
    folded = np.frombuffer(small.encode("utf-32-le"), np.uint32)
    kinds[(folded != points) & (kinds == WORD) & (points != ord("ς"))] |= CAPITAL
    for first, last in _UNSPACED:
        kinds[first : last + 1] |= np.where(kinds[first : last + 1] & WORD, ALONE, 0).astype(np.uint8)
    kinds[[ord(sign) for sign in ".!?\n"]] = END
    kinds[[ord("."), ord(",")]] |= POINT
    for run in _INVISIBLE.finditer(everything):
        kinds[run.start() : run.end()] = INVISIBLE
    return Characters(kinds, folded)


def comparison_form(text: str) -> str:
    """Return a text in NFKC without invisible characters and separators of thousands; letter case is kept.

    Separators go first, because NFKC makes a plain space of a thin one.
    """
    if text.isascii():
        return _THOUSANDS.sub("", text)
    if _has_invisible(text):
        text = _INVISIBLE.sub("", text)
    return unicodedata.normalize("NFKC", _THOUSANDS.sub("", text))


def _has_invisible(text: str) -> bool:
    """Return whether a text has invisible characters, in a tenth of the time that the pattern takes."""
    return bool((characters().kinds[code_points(text)] == INVISIBLE).any())


def code_points(text: str) -> NDArray[np.uint8] | NDArray[np.uint32]:
    """Return the code points of a text; 0 for those from `TOP` on."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return (
        points if len(points) == 0 or int(points.max()) < TOP else np.where(points < TOP, points, 0).astype(np.uint32)
    )

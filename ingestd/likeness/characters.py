"""What each character is to the comparison of texts: part of a word, a digit, a capital, a word of its own."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

CodePoints: TypeAlias = NDArray[np.uint8] | NDArray[np.uint32]

#: Code points above are rare signs and planes without characters; they count as no part of a word.
TOP = 0x30000
#: POINT: may stand within a number; END: a capital behind it begins a sentence; UNSTABLE: the comparison form may not
#: have it, or not there; SEPARATOR: may separate thousands.
WORD, DIGIT, CAPITAL, ALONE, POINT, END, UNSTABLE, SEPARATOR = 1, 2, 4, 8, 16, 32, 64, 128
_DIGIT, _POINT, _UNSTABLE, _SEPARATOR = map(np.uint8, (DIGIT, POINT, UNSTABLE, SEPARATOR))
_OTHER_DIGIT = np.uint8(DIGIT | UNSTABLE)
#: Scripts without spaces between words, in which each character is a token: Thai and Lao, Burmese, Khmer, kana,
#: ideographs.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF),
    (0x20000, 0x2FFFF),
)  # fmt: skip
#: What some editors paste and others strip; variation selectors among them.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]+")
#: Between digits, before three: "1.200", "1,200", "1'200", and with a space that does not break.
_SEPARATORS = ".,'’\u00a0\u2009\u202f\u066c"
_THOUSANDS = re.compile(rf"[{_SEPARATORS}](?<=\d.)(?=\d{{3}}(?!\d))")
#: Letters of Hangul that are composed to syllables, though each is stable alone.
_JAMO = range(0x1100, 0x1200)
_SURROGATES = range(0xD800, 0xE000)


class Characters(NamedTuple):
    """Tables by code point, below `TOP`."""

    #: Flags: WORD, DIGIT and so on.
    kinds: NDArray[np.uint8]
    #: The code point of the small letter.
    folded: NDArray[np.uint32]


class Form(NamedTuple):
    """The comparison form of a text: its code points, and the kind of each."""

    text: str
    points: CodePoints
    #: Behind two line ends, so that the first token begins a line, and before a character that is nothing.  A point
    #: between two digits belongs to the number.
    kinds: NDArray[np.uint8]


@lru_cache(maxsize=1)
def characters() -> Characters:
    """Return the tables; the first call takes a tenth of a second."""
    points = np.arange(TOP, dtype=np.uint32)
    everything = "".join("\0" if point in _SURROGATES else chr(point) for point in range(TOP))
    kinds = np.zeros(TOP, np.uint8)
    for run in re.finditer(r"[^\W_]+", everything):
        kinds[run.start() : run.end()] |= WORD
    for run in re.finditer(r"\d+", everything):
        kinds[run.start() : run.end()] |= DIGIT
    # Signs of vowels and accents, which \w leaves out.
    marks = [point for point, sign in enumerate(everything) if unicodedata.category(sign) in ("Mn", "Mc")]
    kinds[marks] |= WORD
    # The one capital whose small letter is two characters, and a small letter that capitals do not tell.
    small = everything.replace("İ", "i").lower().replace("ς", "σ")
    folded = np.frombuffer(small.encode("utf-32-le"), np.uint32)
    kinds[(folded != points) & (kinds == WORD) & (points != ord("ς"))] |= CAPITAL
    for first, last in _UNSPACED:
        kinds[first : last + 1] |= np.where(kinds[first : last + 1] & WORD, ALONE, 0).astype(np.uint8)
    kinds[[ord(sign) for sign in ".!?\n"]] = END
    kinds[[ord("."), ord(",")]] |= POINT
    kinds[[ord(sign) for sign in _SEPARATORS]] |= SEPARATOR
    # A line between two characters keeps them from being composed.
    normal = unicodedata.normalize("NFKC", "\n".join(everything)).split("\n")
    normal[ord("\n") : ord("\n") + 2] = ["\n"]
    kinds[[point for point, sign in enumerate(everything) if normal[point] != sign]] |= UNSTABLE
    kinds[[*marks, *_JAMO]] |= UNSTABLE
    digits = (kinds & _DIGIT) != 0
    digits[: ord("9") + 1] = False
    kinds[digits] |= UNSTABLE
    for run in _INVISIBLE.finditer(everything):
        kinds[run.start() : run.end()] = UNSTABLE
    return Characters(kinds, folded)


def form(text: str, longest: int) -> Form:
    """Return the comparison form of a text, of which no more than `longest` characters are kept.

    That is NFKC without invisible characters and separators of thousands, and with the digits 0 to 9 for those of any
    script; letter case is kept.  Separators go first, because NFKC makes a plain space of a thin one.
    """
    points, kinds = _read(text)
    normal, within = text, _within_numbers(kinds)
    # Both passes over a text are left out where no character of it asks for them: of news, for three in four.
    if np.bitwise_or.reduce(kinds) & _UNSTABLE:
        normal = unicodedata.normalize("NFKC", _THOUSANDS.sub("", _plain_digits(_visible(text, kinds), text, kinds)))
    elif len(within):
        normal = _THOUSANDS.sub("", text)
    if len(normal) > longest:
        normal = normal[:longest]
    if normal != text:
        points, kinds = _read(normal)
        within = _within_numbers(kinds)
    if len(within):
        kinds[within[(kinds[within] & _POINT) != 0]] = WORD | DIGIT
    return Form(normal, points, kinds)


def _within_numbers(kinds: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return where a separator stands between two digits."""
    places = ((kinds & _SEPARATOR) != 0).nonzero()[0]
    between: NDArray[np.int64] = places[(kinds[places - 1] & kinds[places + 1] & _DIGIT) != 0]
    return between


def _visible(text: str, kinds: NDArray[np.uint8]) -> str:
    """Return a text without invisible characters, in a tenth of the time that the pattern takes."""
    signs = {text[place] for place in (kinds[2:-1] == _UNSTABLE).nonzero()[0].tolist()}
    for sign in filter(_INVISIBLE.match, signs):
        text = text.replace(sign, "")
    return text


def _plain_digits(visible: str, text: str, kinds: NDArray[np.uint8]) -> str:
    """Return what is visible of a text with ASCII digits: of two papers in one script, one may print its own."""
    signs = {text[place] for place in ((kinds[2:-1] & _OTHER_DIGIT) == _OTHER_DIGIT).nonzero()[0].tolist()}
    for sign in signs:
        visible = visible.replace(sign, str(unicodedata.decimal(sign)))
    return visible


def _read(text: str) -> tuple[CodePoints, NDArray[np.uint8]]:
    if text.isascii():
        points: CodePoints = np.frombuffer(text.encode("ascii"), np.uint8)
    else:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = np.zeros(len(points) + 3, np.uint8)
    kinds[:2] = END
    # Those from `TOP` on are read as the last one, which is nothing.
    kinds[2:-1] = characters().kinds.take(points, mode="clip")
    return points, kinds

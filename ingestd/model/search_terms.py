"""Split texts and queries into the terms of search and filters, in the same way whatever the database.

A term is a word in the form in which words are compared: NFKC, case-folded, without accents, in ASCII digits.  Scripts
without spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese), and Korean, whose particles are joined to
the word, give overlapping pairs of characters instead: 東京都 is 東京, 京都, and 都, the last character alone.

The index (`policy.articles.index_entry`) has a text's terms without their positions.  So a phrase is looked up by its
terms and by `phrase_filter`, and then compared with the text (`matches`).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

#: Phrases of a query that are searched for, and terms of a phrase.  A page pasted by mistake has thousands.
_MAX_PHRASES = 50
_MAX_PHRASE_TERMS = 100

#: Characters of a term; the rest of a longer word counts for nothing.
_MAX_TERM = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Terms that must follow one another."""

    terms: tuple[str, ...]
    #: Whether the last term is the beginning of a word.
    prefix: bool = False


def terms(text: str) -> list[str]:
    """Return the terms of a text in their order."""
    words = _words(text)
    if not text.isascii() and _UNSPACED_CHARACTER.search(text):
        return [term for word in words for run in _runs(word) for term in _run_terms(run)]
    return [word[:_MAX_TERM] for word in words]


def parse_query(query: str) -> tuple[Phrase, ...]:
    """Return the phrases that must all occur, at most _MAX_PHRASES.

    These are the parts in quotation marks, and each of the other words; a word such as 3.5 or Merkel/Macron is a phrase
    of two terms.  A word outside quotation marks that ends with `*` stands for all words that begin so.  Nothing else
    has a meaning of its own, and words without a letter or a digit are left out.
    """
    pieces = query.translate(_QUOTES).split('"')
    found: dict[Phrase, None] = {}
    for number, piece in enumerate(pieces):
        for words in (piece,) if number % 2 else piece.split():
            if phrase := phrase_of(words, prefix=not number % 2 and words.endswith("*")):
                found[phrase] = None
    return tuple(found)[:_MAX_PHRASES]


def matches(phrase: Phrase, text_terms: Sequence[str]) -> bool:
    """Return whether a phrase occurs in the terms of a text."""
    first, length = phrase.terms[0], len(phrase.terms)
    for start in range(len(text_terms) - length + 1):
        if length > 1 and text_terms[start] != first:
            continue
        found = text_terms[start : start + length]
        last, wanted = found[-1], phrase.terms[-1]
        if tuple(found[:-1]) == phrase.terms[:-1] and (last.startswith(wanted) if phrase.prefix else last == wanted):
            return True
    return False


def phrase_of(text: str, *, prefix: bool = False) -> Phrase | None:
    """Return the phrase of all words of a text; None: it has no letter or digit.

    `prefix`: the last word is the beginning of one.
    """
    words = _words(text)
    if not words:
        return None
    runs = [run for word in words for run in _runs(word)]
    *before, last = runs
    found = [term for run in before for term in _run_terms(run)]
    if _is_unspaced(last):
        # The text may continue after the last character, which then begins a pair.
        found += _run_terms(last)[: max(len(last) - 1, 1)]
        prefix = len(last) == 1
    else:
        found.append(last[:_MAX_TERM])
    if len(found) > _MAX_PHRASE_TERMS:
        return Phrase(terms=tuple(found[:_MAX_PHRASE_TERMS]))
    return Phrase(terms=tuple(found), prefix=prefix)


def _words(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", folded.translate(_CHARACTERS)).split()


def _runs(word: str) -> list[str]:
    """Cut a word where a script without spaces begins or ends."""
    return [word] if word.isascii() else _RUN.findall(word)


def _run_terms(run: str) -> list[str]:
    if not _is_unspaced(run):
        return [run[:_MAX_TERM]]
    return [*map("".join, pairwise(run)), run[-1]]


def _is_unspaced(run: str) -> bool:
    return _UNSPACED_CHARACTER.match(run) is not None


class _Characters(dict[int, str]):
    """Maps each code point, the first time it is met, to what it is in a term: "" nothing, " " the end of the word."""

    def __missing__(self, code: int) -> str:
        character, category = chr(code), unicodedata.category(chr(code))
        if category in ("Cf", "Mn") and (category == "Cf" or _DROPPED_MARK.match(character)):
            found = ""
        elif category == "Nd":
            found = str(unicodedata.decimal(character))
        elif category[0] in "LNM":
            found = character
        else:
            found = " "
        self[code] = found
        return found


_ASCII_WORD = re.compile("[a-z0-9]+")

#: Letters that Unicode does not decompose, marks that are no letters (tatweel), and letters that serve as apostrophes.
_CHARACTERS = _Characters(
    {
        **{ord(letter): plain for letter, plain in zip("øłđħŧı", "oldhti", strict=True)},
        ord("æ"): "ae",
        ord("œ"): "oe",
        ord("þ"): "th",
        ord("ð"): "d",
        0x640: "",
        **dict.fromkeys((0x2B9, 0x2BA, 0x2BB, 0x2BC, 0x2BD), " "),
    }
)

#: Marks without which a word is found as well: accents of Latin, Greek and Cyrillic letters, Hebrew points, Arabic
#: vowel signs, variation selectors.  The marks of other scripts are parts of their words.
_DROPPED_MARK = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\ufe00-\ufe0f]"
)

#: Thai, Lao, Burmese, Khmer, Japanese, Han, Korean.
_UNSPACED = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\uac00-\ud7ff"
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_CHARACTER = re.compile(f"[{_UNSPACED}]")
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))

"""Words by which agencies take a story back, in their headlines, slug lines and notes to editors.

Stories about kills, withdrawals and annulments use the same words.  So of a headline only its marks count: "KILL",
"STORY WITHDRAWN", "RETIRADA:" in capitals that stand out, or the whole headline "Meldung zurückgezogen".  A note counts
if a sentence begins with such a mark, or says of this story that it is taken back.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from ingestd.model.kill_words import HINTS, ROWS

_LEAD_IN = (
    r"\W{0,10}(?:(?:bulletin|mandatory|advisory|urgent|attention|attn|eds|editors?|note to editors"
    r"|achtung|hinweis|eil"
    r"|alerte|atenci[óo]n|atenção|attenzione|let op|obs|huomio|uwaga|dikkat|внимание|(?:BC|US|EU)-[\w-]{1,30}"
    r"|AP|AFP|dpa|EFE|ANSA|APA|PA|UPI|ANP|Reuters)\b[\s,:!./-]{1,4}){0,3}"
)
_COLON = r"\s*[:=/|–—)\]】〕〉》＞>：]|\s+-{1,2}\s"
#: What a note takes out of a story that stays: "KILL 3rd graf".
_PART = re.compile(
    r"\W*(?:the |a |in )*(?:\d|first|second|third|fourth|fifth|last|final|reference|quote|para|graf"
    r"|sentence|byline|photo"
    r"|line\b|word|extraneous|repeat|duplicate|name)",
    re.IGNORECASE,
)
#: Words before "story withdrawn" in a note by which the story is there again.
_BACK = re.compile(
    r"\b(?:replac\w*|restor\w*|reinstat\w*|re-?sends?|re-?issu\w*|re-?fil\w*|ersetzt|remplace|sustituye|not|nicht)\b"
    r"(?:\W+\w+){0,3}\W*$",
    re.IGNORECASE,
)
_ASCII_HINTS = tuple(filter(str.isascii, HINTS))
#: What may end a sentence.
_STOP = re.compile(r"(?<=[^\W\d])[.!?;]+\s+|\n+")
_LAST_WORD = re.compile(r"[\w.]+$")
#: A word without a vowel: "Nr", "bzw", "vgl", "гр".
_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxzßçćčďłńňřśšťźżžбвгджзйклмнпрстфхцчшщβγδζθκλμνξπρστφχψ]+", re.IGNORECASE)
_PHRASE_END = re.compile(r"[.:!?;\n]")
#: Characters of a text that are searched.
_MAX_SEARCHED = 2_000


def find_kill(headings: Iterable[str | None], notes: Iterable[str | None] = ()) -> str | None:
    """Return the words by which headlines, slug lines or notes take a story back.  None: they do not."""
    headings, notes = tuple(headings), tuple(notes)
    if not may_say("\n".join(text[:_MAX_SEARCHED] for text in (*headings, *notes) if text)):
        return None
    for heading in filter(_may_say, headings):
        if words := _mark_in(heading) or _match(_alone(), heading):
            return words
    for note in filter(_may_say, notes):
        for sentence in filter(may_say, _sentences((note or "")[:_MAX_SEARCHED])):
            if words := _mark_in(sentence, note=True) or _match(_alone(), sentence) or _said_in(sentence):
                return words
    return None


def find_kill_in_feed(headline: str | None) -> str | None:
    """Return the words by which the headline of an ordinary page takes its story back.  None: it does not.

    Papers use most marks as kickers, as in "WITHDRAWN: candidate quits race", and write of stories that somebody else
    withdrew.  So "KILL" alone is a mark, if it stands out; phrases count as whole headlines, or before a colon if they
    name what only agencies send.
    """
    if not headline or not _may_say(headline):
        return None
    line = headline[:_MAX_SEARCHED]
    start = _kill_at_start().search(line)
    if found := start or _kill_at_end().search(line):
        rest = line[found.end("words") :] if start else line[: found.start("words")]
        stands_out = any(map(str.islower, rest)) or not any(map(str.isalnum, rest))
        return found["words"] if stands_out else None
    phrase = _alone().search(line)
    if phrase and (line[phrase.end() :].strip() == "" or _of_agencies().search(phrase["words"])):
        return phrase["words"]
    return None


def find_replacement(headings: Iterable[str | None], notes: Iterable[str | None] = ()) -> str | None:
    """Return the words by which a version voids the earlier ones and takes their place: "annule et remplace"."""
    for heading in filter(_may_say, headings):
        for found in _replacement_in_heading().finditer((heading or "")[:_MAX_SEARCHED]):
            if found["after"] is not None or found["words"].isupper():
                return found["words"]
    return next((words for note in filter(_may_say, notes) if (words := _match(_replacement(), note))), None)


def may_say(text: str) -> bool:
    """Return whether a text has any of the words that such phrases have."""
    lowered = text.lower()
    return any(map(lowered.__contains__, _ASCII_HINTS if lowered.isascii() else HINTS))


def _may_say(text: str | None) -> bool:
    return bool(text) and may_say((text or "")[:_MAX_SEARCHED])


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for stop in _STOP.finditer(text):
        if stop[0].rstrip(" ") != "." or not _is_in_sentence(text[start : stop.start()], text[stop.end() :]):
            yield text[start : stop.start()]
            start = stop.end()
    yield text[start:]


def _is_in_sentence(before: str, after: str) -> bool:
    """Return whether the full stop between two texts is one of an abbreviation: "s.v.p", "Nr", "z", "Prof"."""
    phrase = _PHRASE_END.split(after, maxsplit=1)[0]
    if phrase.isupper() and len(phrase) > 2:
        return False  # a mark: "in the U.S. KILL: it is untrue"
    found = _LAST_WORD.search(before)
    word = found[0].strip("_") if found else ""
    if "." in word.strip(".") or len(word) == 1 or word.lower() in _abbreviations():
        return True
    return not word.isupper() and _CONSONANTS.fullmatch(word) is not None


def _match(pattern: re.Pattern[str], text: str | None) -> str | None:
    found = pattern.search((text or "")[:_MAX_SEARCHED])
    return found["words"] if found else None


def _mark_in(line: str | None, *, note: bool = False) -> str | None:
    """Return a mark in capitals at the start or the end of a line.

    In a note, it takes back the whole story, not a part of it: "KILL 3rd graf".
    """
    line = (line or "")[:_MAX_SEARCHED]
    for found in filter(None, (_mark_at_start().search(line), _mark_at_end().search(line))):
        takes_all_back = not (note and _PART.match(line, found.end("words")))
        if found["words"].isupper() and takes_all_back and _stands_out(found):
            return found["words"]
    return None


def _stands_out(mark: re.Match[str]) -> bool:
    """Return whether a mark in capitals stands out from its line.

    It does if the words after it, or those before it where none follow, have small letters, or if there are none at
    all.  In a line in capitals only "KILL" and marks of several words stand out, at the end or before a colon.
    """
    before, after = mark.string[: mark.start("words")], mark.string[mark.end("words") :]
    is_last = not any(map(str.isalpha, after))
    if any(map(str.islower, before + after if is_last else after)):
        return True
    if mark["words"] == "KILL" or " " in mark["words"]:
        return is_last or mark["after"].strip(" -") != ""
    return is_last and not (before + after).strip(" .!")


def _said_in(sentence: str) -> str | None:
    found = _sentence().search(sentence)
    return None if found is None or _BACK.search(sentence[: found.start()]) else found["words"]


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(word for row in ROWS for word in row.abbreviations.split())


def _any(*names: str) -> str:
    return "|".join(words for row in ROWS for name in names if (words := getattr(row, name)))


def _statements(*, others: bool) -> str:
    """Return an expression for "story withdrawn"; with `others`, also for "report withdrawn"."""
    found = []
    for row in ROWS:
        if row.nouns and row.gone:
            nouns = f"{row.nouns}|{row.others}" if others and row.others else row.nouns
            found.append(rf"(?:{nouns})(?:\s+(?:{row.link})){{0,3}}\s+(?:{row.gone})")
    return "|".join(found)


def _statements_with_this() -> str:
    """Return an expression for "this report was withdrawn"."""
    return "|".join(
        rf"(?:{row.this})\s*(?:\w+\s+)?(?:{row.others})(?:\s+(?:{row.link})){{0,3}}\s+(?:{row.gone})"
        for row in ROWS
        if row.this and row.others
    )


# Compiled when first needed: few texts need them.


@cache
def _marks() -> str:
    return f"{_any('marks')}|{_any('formulas')}|{_statements(others=True)}"


@cache
def _mark_at_start() -> re.Pattern[str]:
    end = rf"(?!\w)(?P<after>{_COLON}|-(?-i:(?=[A-Z]))|[.!]*\s*$|\s)"
    return re.compile(rf"^{_LEAD_IN}(?P<words>{_marks()}){end}", re.IGNORECASE)


@cache
def _mark_at_end() -> re.Pattern[str]:
    return re.compile(rf"(?:[,;:(\[–—/]|\s-)\s*(?P<words>{_marks()})\W{{0,3}}$", re.IGNORECASE)


@cache
def _alone() -> re.Pattern[str]:
    """Return an expression for a formula or statement that is a whole line, or stands before a colon or a dash."""
    words = f"{_any('formulas')}|{_statements(others=False)}"
    return re.compile(rf"^{_LEAD_IN}(?P<words>{words})(?!\w)(?:{_COLON}|\W*$)", re.IGNORECASE)


@cache
def _kill_at_start() -> re.Pattern[str]:
    return re.compile(rf"^{_LEAD_IN}(?P<words>(?-i:KILL))(?:{_COLON}|\W*$)", re.IGNORECASE)


@cache
def _kill_at_end() -> re.Pattern[str]:
    return re.compile(r"(?:[(\[]|\s[-–—]\s*)(?P<words>KILL)\W*$")


@cache
def _of_agencies() -> re.Pattern[str]:
    """Return an expression for what only agencies send, or a phrase in capitals."""
    return re.compile(
        r"(?i:meldung|d[ée]p[êe]che|teletipo|despacho|dispaccio|dispatch|bulletin|newsalert|news alert|wire|depesza"
        r"|telegram|сообщени|повідомлен|mandatory kill|kill notice|稿件|此稿|该稿|該稿|전문|برقية)|^[A-ZÄÖÜÉÈÊÀ\s-]+$"
    )


@cache
def _sentence() -> re.Pattern[str]:
    """Return an expression for what a note says of its story, anywhere in a sentence."""
    words = f"{_any('requests', 'formulas')}|{_statements(others=False)}|{_statements_with_this()}"
    return re.compile(rf"(?<!\w)(?P<words>{words})(?!\w)", re.IGNORECASE)


@cache
def _replacement() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?P<words>{_any('replaces')})(?!\w)", re.IGNORECASE)


@cache
def _replacement_in_heading() -> re.Pattern[str]:
    return re.compile(
        rf"(?:^{_LEAD_IN}|[,;:(\[–—/]\s*|\s-\s)(?P<words>{_any('replaces')})(?!\w)(?P<after>{_COLON}|\W*$)?",
        re.IGNORECASE,
    )

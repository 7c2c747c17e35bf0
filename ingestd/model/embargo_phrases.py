"""Phrases by which editors set or lift an embargo, in several languages.

Stories about embargoes use the same words, so only a time limit at the beginning of a line or sentence counts, as in
"Sperrfrist: 24.12., 18 Uhr", "EMBARGOED UNTIL 0001 GMT", "Hold for release", "sous embargo jusqu'au 3 mai".
"""

import re
from functools import cache

#: A text without any of these words, in lower case, has no limit; this check is much cheaper than the expressions.
LIMIT_WORDS = ("embarg", "sperrfrist", "sperrvermerk", "for release", "not for", "frei", "nicht vor")

_DAYS = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bado|domingo"
    r"|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag"
)
_CLOCK = (
    r"(?:\b\d{1,2}[:.h]\d{2}\b|\b\d{1,2}\s?(?:[ap]\.?m\b|uhr|h\b|uur)"
    r"|\b\d{4}\s?(?:uhr|gmt|utc|hrs|hours|[a-z]{2,4}t\b))"
)
# A day or a time of day distinguishes a limit from a story; a bare year is neither.
_WHEN = (
    rf"(?:\b(?:{_DAYS}|noon|midday|midnight|mitternacht|midi|minuit|mediod[ií]a|medianoche|middernacht|further notice"
    r"|today|tomorrow|tonight|heute|aujourd'hui|demain|hoy|mañana|vandaag)"
    rf"|{_CLOCK}"
    r"|\b\d{1,2}\.\d{1,2}\.|\b\d{4}-\d\d-\d\d|\b(?!(?:19|20)\d\d)\d{4}\b"
    r"|\b\d{1,2}(?:\.|st|nd|rd|th|er)?\s(?:de\s)?(?:jan|feb|fév|mar|mär|mrt|maa|a[pv]r|abr|ma[iy]|mei|ju|jui|aug|aoû|ago|sep|o[ck]t|nov|de[cz]|déc|dic|ene)"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d{1,2}\b)"
)
_UNTIL = r"(?:until|till|’til|to|for|bis|jusqu|hasta|tot|fino|até)"
_FREE = (
    rf"(?:nicht vor|frei(?:gegeben)?(?: zur veröffentlichung)?:? (?:erst )?(?:ab|für))\b(?=[^\n]{{0,20}}?{_WHEN})"
    r"(?=[^\n]{0,60}?(?:uhr|verwenden|verwendung|veröffentlich|ausgabe|frei|\d\.))"
)
_LIMITS = (
    # German; not anywhere in a sentence, where "die Sperrfrist" may be a legal term.
    r"sperr(?:frist|vermerk)\b(?=\W*(?:$|[:!–—)-]|\d|bis\b|heute\b|morgen\b|ab\b|endet\b|nicht vor\b|" + _DAYS + r"))",
    r"(?:bitte )?(?:die )?sperrfrist (?:bitte )?beachten",
    r"bitte beachten sie (?:bitte )?(?:die |unsere |folgende )*sperrfrist",
    _FREE,
    r"ab\b(?=[^\n]{0,40}?\d\s?uhr[^\n]{0,20}?\bfrei\b)",
    # English.
    r"(?:strictly )?embargoed\s+(?:until|till|’til)\b",
    r"strictly embargoed\b",
    rf"embargoed\b(?=[^\n]{{0,40}}?{_WHEN})",
    r"embargoed\W*$",
    r"(?:please )?hold for (?:public )?release\b",
    r"(?:not|nothing) for (?:public )?(?:release|publication|use|broadcast) (?:until|before|till)\b",
    rf"for release (?:at|on|after|not before|until)?\b(?=[^\n]{{0,40}}?{_WHEN})",
    # The noun, in all languages that use it: only with a day or a time of day.
    rf"(?:(?:strict|under|unter|sous|bajo|onder) )*embargo\b(?=\W*(?:strict\W+)?{_UNTIL}[^\n]{{0,40}}?{_WHEN})",
    rf"(?:(?:strict|under|unter|sous|bajo|onder) )*embargo\s*[:(–-](?=[^\n]{{0,40}}?{_WHEN})",
    rf"(?:the )?embargo\b(?=\s+(?:will|lifts?|ends?|expires)\b[^\n]{{0,40}}?{_CLOCK})",
    rf"embargad[oa]\b(?=\W*hasta[^\n]{{0,40}}?{_WHEN})",
)
_ANY = "|".join(_LIMITS)
_START = r"(?:^|[\n.!?;:*/(\[|>–—-])"
_LEAD_IN = (
    r"(?:(?:achtung|hinweis|attention|atención|let op|eds|editors|note to editors|important|mit|with|news|strict(?:ly)?"
    r"|this (?:story|report|material) is|under)\b[\s,:!]*){0,3}"
)
# What may precede a limit at the beginning of a line or sentence; matched after the limit, which is rare.
_BEGINNING = re.compile(rf"{_START}\W{{0,10}}{_LEAD_IN}\Z", re.IGNORECASE | re.MULTILINE)
_MAX_IN_FRONT = 60
# "EMBARGOED UNTIL" in capitals is a limit anywhere in a text.
_IN_CAPITALS = re.compile(r"\b(?:EMBARGOED (?:UNTIL|TILL|FOR|TO)|SPERRFRIST|HOLD FOR RELEASE)\b")

_OVER = (
    r"lifted|removed|cancel?led|dropped|expired|over|passed|no longer|broken|aufgehoben|entfällt|entfallen|beendet"
    r"|abgelaufen|hinfällig|gebrochen|levé|terminé|annulé|levantado|opgeheven|vervallen|revocato|rimosso"
)
_LIFTED = re.compile(
    r"(?:\b(?:the|die|der|das|our|unsere|el|het)\s+|\bl['’])?\b(?:embargo(?:ed)?|sperr(?:frist|vermerk))\b"
    rf"(?P<between>[^.\n;]{{0,40}}?)\b(?:{_OVER})\b[^.\n;]{{0,60}}"
    r"|\b(?:no|without|keine|ohne|end of|ende der|levée de l['’]|fin del?|geen)"
    r"\s(?:the\s)?(?:embargo|sperrfrist)\b(?!\s+(?:until|till|bis|jusqu|hasta|tot))",
    re.IGNORECASE,
)
_TO_COME = re.compile(r"\b(?:will|to be|wird|werden|sera|será|wordt|not|nicht)\b", re.IGNORECASE)
_ANY_WHEN = re.compile(_WHEN, re.IGNORECASE)

#: Length of the clause that states a limit and its time, in characters.
_MAX_CLAUSE = 200
#: Only this many characters of a text are searched.
_MAX_SEARCHED = 2_000


def sets_limit(text: str) -> bool:
    """Return whether a headline, slug line or note sets a limit."""
    return find_limit(text) is not None and not lifts_embargo(text)


@cache
def _limit() -> re.Pattern[str]:
    # Compiled when first needed: it takes ten times as long as the rest of this module, and few texts need it.
    return re.compile(rf"(?<!sin )\b(?:{_ANY})", re.IGNORECASE | re.MULTILINE)


def find_limit(text: str, *, anywhere: bool = False) -> str | None:
    """Return the clause of a text that sets a limit, from its first word on.  None: the text sets no limit.

    The limit must be at the beginning of a line or sentence, unless `anywhere` is set: for notes to editors, which
    mention embargoes only to set or lift them.
    """
    text = text[:_MAX_SEARCHED]
    lowered = text.lower()
    if not any(word in lowered for word in LIMIT_WORDS):
        return None
    at_start = (found for found in _limit().finditer(text) if anywhere or _begins(text, found))
    found = next(at_start, None) or _IN_CAPITALS.search(text)
    return text[found.start() :][:_MAX_CLAUSE].split("\n\n")[0] if found else None


def _begins(text: str, found: re.Match[str]) -> bool:
    return _BEGINNING.search(text, max(0, found.start() - _MAX_IN_FRONT), found.start()) is not None


def lifts_embargo(text: str) -> bool:
    """Return whether a text states that an embargo is over; "will be lifted" at some time is a limit instead."""
    text = text[:_MAX_SEARCHED]
    for found in _LIFTED.finditer(text):
        if _begins(text, found):
            return not (_TO_COME.search(found["between"] or "") and _ANY_WHEN.search(found[0]))
    return False

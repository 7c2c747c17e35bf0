"""What becomes of an item, out of codes and prose: its status, corrections, kills, embargoes.

Codes decide over the status, prose only adds signals: a story about an embargo is no embargoed story.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from ingestd.model import embargo_phrases
from ingestd.model.item import PubStatus
from ingestd.text import collapse

#: Without its scheme and in lower case: what agencies write for IPTC's three statuses (NewsCodes pubstatusg2, status1).
_STATUSES: Mapping[str, PubStatus] = {
    "usable": "usable", "published": "usable", "publishable": "usable", "released": "usable", "active": "usable",
    "withheld": "withheld", "embargoed": "withheld", "embargo": "withheld", "hold": "withheld", "held": "withheld",
    "withhold": "withheld", "scheduled": "withheld",
    "canceled": "canceled", "cancelled": "canceled", "cancel": "canceled", "killed": "canceled", "kill": "canceled",
    "withdrawn": "canceled", "withdraw": "canceled", "deleted": "canceled", "delete": "canceled",
    "recalled": "canceled", "unpublished": "canceled", "spiked": "canceled",
}  # fmt: skip

#: Signals, without their scheme, that change the status (Reuters `edStat:D`; IPTC `nmsig`, `sig`).
_KILLING_SIGNALS = re.compile(r"(?:^|[:/])(?:kill(?:ed)?|cancel(?:l?ed)?|delete[d]?|withdraw(?:n|al)?)$", re.IGNORECASE)
_KILLING_CODES = frozenset(("edstat:d", "edstat:kill"))
_CORRECTING_SIGNALS = re.compile(r"(?:^|[:/])(?:corr(?:ection|ected|ective)?|rectif\w*)$", re.IGNORECASE)

# Marks of desks, in the languages met most often: a word in front with a dash or colon behind it, as in Reuters'
# "CORRECTED-", "(Berichtigung: ...)", "CORRECTION ET MISE A JOUR -", or what a note to editors says.
_CORRECTION = re.compile(
    r"^\W*(?:corr(?:ected|ection|igé|igendum)?|korr(?:ektur|igiert|igering)?|berichtigung|richtigstellung"
    r"|rectifi(?:ed|catif)|correcci[oó]n|correctif|correzione|rectificatie|correctie|rättelse|rettelse|korrigeret)\b[^\n:/–—-]{0,25}\s*[:/–—-]"
    r"|^\W*(?:eds:?\s+)?(?:corrects\b|corrected version\b|this (?:story )?(?:corrects|has been corrected))"
    r"|\bcorrected repetition\b|\(\s*(?:corr|korr)(?:ected|ection|ektur)?\s*\)",
    re.IGNORECASE,
)
_WRITETHRU = re.compile(r"\bwrite-?thr(?:u|ough)\b|\bneufassung\b", re.IGNORECASE)
# "KILL" in capitals, as desks write it: "Kill Bill" is a film.
_KILL = re.compile(
    r"^\W*(?:(?:bulletin|mandatory|advisory|urgent|attention|attn|eds|editors)\W+)*(?-i:KILL(?:ED)?|WITHDRAWN|WITHDRAWAL)\b"
    r"|\b(?:mandatory|story|bulletin) kill\b|\bkill notice\b|\bplease (?:kill|disregard)\b|\bis (?:hereby )?withdrawn\b"
    r"|\bmeldung (?:wird |bitte )*(?:zurückgezogen|nicht (?:mehr )?verwenden|gestrichen)|^\W*zurückgezogen\b",
    re.IGNORECASE,
)
_PATH = re.compile(r"[:/#]")


@lru_cache(maxsize=1024)
def code_of(raw: str | None) -> str:
    """Return a code in lower case, without the scheme or path in front of it."""
    return _PATH.split(collapse(raw).rstrip("/"))[-1].lower()


def pubstatus_of(raw: str | None, signals: Iterable[str] = ()) -> PubStatus:
    """Return the status that a value as sent stands for; usable where it is absent or of no known vocabulary.

    A signal can take an item back, whatever its status says.
    """
    if any(signal.lower() in _KILLING_CODES or _KILLING_SIGNALS.search(signal) for signal in signals):
        return "canceled"
    return _STATUSES.get(code_of(raw), "usable") if raw else "usable"


def has_correction_signal(signals: Iterable[str]) -> bool:
    """Say whether a signal marks a correction."""
    return any(_CORRECTING_SIGNALS.search(signal) for signal in signals)


def signals_in(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Return what headlines, slug lines and notes say of a version: "correction", "writethru", "kill", "embargo"."""
    said: list[str] = []
    some = [text[:_MAX_SAID] for text in texts if text]
    lowered = "\n".join(some).lower()
    for word, signs, mark in _MARKS:
        # Hardly any text has one of the words, and looking for them is much cheaper than the expressions.
        if any(sign in lowered for sign in signs) and any(mark(text) for text in some):
            said.append(word)
    return tuple(said)


#: Characters of a note that are looked at.
_MAX_SAID = 2_000
#: Signal, what a text must have for its mark to be found in it, and the mark.
_MARKS: tuple[tuple[str, tuple[str, ...], Callable[[str], object]], ...] = (
    ("correction", ("corr", "korr", "rectif", "richtig", "rettelse", "rättelse"), _CORRECTION.search),
    ("writethru", ("writethr", "write-thr", "neufassung"), _WRITETHRU.search),
    ("kill", ("kill", "withdraw", "disregard", "zurückgezogen", "meldung"), _KILL.search),
    ("embargo", embargo_phrases.LIMIT_WORDS, embargo_phrases.sets_limit),
)

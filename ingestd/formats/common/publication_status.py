"""Derive an item's publication status and its signals (correction, writethru, kill, embargo) from codes and prose.

Only codes set the status.  Prose only adds signals, because a story about an embargo is not an embargoed story.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from ingestd.caching import cached_if_short
from ingestd.model import embargo_phrases, kill_phrases
from ingestd.model.item import PubStatus
from ingestd.text import collapse

#: Code, without scheme and in lower case → one of IPTC's three statuses (NewsCodes pubstatusg2, status1).
_STATUSES: Mapping[str, PubStatus] = {
    "usable": "usable", "published": "usable", "publishable": "usable", "released": "usable", "active": "usable",
    "withheld": "withheld", "embargoed": "withheld", "embargo": "withheld", "hold": "withheld", "held": "withheld",
    "withhold": "withheld", "scheduled": "withheld",
    "canceled": "canceled", "cancelled": "canceled", "cancel": "canceled", "killed": "canceled", "kill": "canceled",
    "withdrawn": "canceled", "withdraw": "canceled", "deleted": "canceled", "delete": "canceled",
    "recalled": "canceled", "unpublished": "canceled", "spiked": "canceled",
}  # fmt: skip

#: Signals that change the status (Reuters `edStat:D`; IPTC `nmsig`, `sig`).
_KILL_SIGNAL = re.compile(r"(?:^|[:/])(?:kill(?:ed)?|cancel(?:l?ed)?|delete[d]?|withdraw(?:n|al)?)$", re.IGNORECASE)
_KILL_CODES = frozenset(("edstat:d", "edstat:kill"))
_CORRECTION_SIGNAL = re.compile(r"(?:^|[:/])(?:corr(?:ection|ected|ective)?|rectif\w*)$", re.IGNORECASE)

# How desks mark a correction, in the languages met most often: a leading word followed by a dash or colon, as in
# Reuters' "CORRECTED-", "(Berichtigung: ...)", "CORRECTION ET MISE A JOUR -", or a phrase of a note to editors.
_CORRECTION = re.compile(
    r"^\W*(?:corr(?:ected|ection|igé|igendum)?|korr(?:ektur|igiert|igering)?|berichtigung|richtigstellung"
    r"|rectifi(?:ed|catif)|correcci[oó]n|correctif|correzione|rectificatie|correctie|rättelse|rettelse|korrigeret)\b[^\n:/–—-]{0,25}\s*[:/–—-]"
    r"|^\W*(?:eds:?\s+)?(?:corrects\b|corrected version\b|this (?:story )?(?:corrects|has been corrected))"
    r"|\bcorrected repetition\b|\(\s*(?:corr|korr)(?:ected|ection|ektur)?\s*\)",
    re.IGNORECASE,
)
_WRITETHRU = re.compile(r"\bwrite-?thr(?:u|ough)\b|\bneufassung\b", re.IGNORECASE)
_CODE_SEPARATOR = re.compile(r"[:/#]")


@cached_if_short(1024)
def code_of(raw: str | None) -> str:
    """Return a code in lower case, without the scheme or path before it."""
    return _CODE_SEPARATOR.split(collapse(raw).rstrip("/"))[-1].lower()


def pubstatus_of(raw: str | None, signals: Iterable[str] = ()) -> PubStatus:
    """Return the status for a code as sent; "usable" when it is absent or unknown.

    A kill signal overrides the code.
    """
    if any(signal.lower() in _KILL_CODES or _KILL_SIGNAL.search(signal) for signal in signals):
        return "canceled"
    return _STATUSES.get(code_of(raw), "usable") if raw else "usable"


def has_correction_signal(signals: Iterable[str]) -> bool:
    """Return whether a signal marks a correction."""
    return any(_CORRECTION_SIGNAL.search(signal) for signal in signals)


def signals_in(headings: Iterable[str | None], notes: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the signals found in headlines and slug lines, and in notes to editors.

    They are "correction", "writethru", "kill", "replacement" (of all earlier versions), "embargo".
    """
    starts = [[text[:_MAX_TEXT] for text in texts if text] for texts in (headings, notes)]
    both = [*starts[0], *starts[1]]
    joined = "\n".join(both)
    lowered = joined.lower()
    found: list[str] = []
    for signal, keywords, matches in _SIGNAL_PHRASES:
        # The keywords are a cheap pre-check: few texts contain one, and the expressions are slow.
        if any(map(lowered.__contains__, keywords)) and any(matches(text) for text in both):
            found.append(signal)
    if kill_phrases.may_say(joined):
        if kill_phrases.find_replacement(*starts):
            found.append("replacement")
        elif kill_phrases.find_kill(*starts):
            found.append("kill")
    return tuple(found)


#: Characters of a text that are searched.
_MAX_TEXT = 2_000
#: Signal, keywords of which a text must contain one (in lower case), and the test for the signal's phrases.
_SIGNAL_PHRASES: tuple[tuple[str, tuple[str, ...], Callable[[str], object]], ...] = (
    ("correction", ("corr", "korr", "rectif", "richtig", "rettelse", "rättelse"), _CORRECTION.search),
    ("writethru", ("writethr", "write-thr", "neufassung"), _WRITETHRU.search),
    ("embargo", embargo_phrases.LIMIT_WORDS, embargo_phrases.sets_limit),
)

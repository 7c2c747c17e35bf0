"""The warnings of a source's documents: which it has now, and which are news to the operator."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from ingestd.model.feed import Entry, Feed
from ingestd.model.item import Item
from ingestd.model.source import SeenWarning

#: Warnings of one source, and characters of each: they may quote the document.
MAX_WARNINGS, MAX_LENGTH = 20, 300

#: How long a warning about a pushed document stays: the next documents are other ones, and prove nothing.
PUSH_MEMORY = timedelta(days=1)

#: A warning about an entry or item that is not stored, or not its text, has these words; no other one has.
LEFT_OUT = "left out"

_NUMBER = re.compile(r"\d+")
#: What follows the first colon is a quotation or a count, unless a line of the document is named before it.
_DETAILS = re.compile(r"(?<!^line #): .*", re.DOTALL)


def warnings_of(feed: Feed, items: Iterable[Item | None]) -> tuple[str, ...]:
    """Return the warnings about a document and its items, each once with the number of items that it is about.

    What is quoted of items is left out: they may be under embargo.
    """
    of_items = Counter(warning.partition(":")[0] for item in items if item for warning in item.warnings)
    counted = [f"{warning}: {count} items" for warning, count in of_items.items()]
    found = [warning[:MAX_LENGTH] for warning in (*feed.warnings, *_about_dates(feed.entries), *counted)]
    return tuple(dict.fromkeys(found))[:MAX_WARNINGS]


def _about_dates(entries: Sequence[Entry]) -> Iterable[str]:
    pages = [entry for entry in entries if not entry.wire]
    times = [(entry.published_precision, entry.updated_precision) for entry in pages]
    if without_zone := sum("assumed_zone" in precisions for precisions in times):
        yield f"times without a zone were read as UTC: {without_zone} entries"


def after_document(known: Sequence[SeenWarning], found: Iterable[str], at: datetime) -> tuple[SeenWarning, ...]:
    """Return the warnings of a polled source after a poll whose documents had those in `found`."""
    since = {kind_of(one.text): one.since for one in known}
    kept = {kind_of(text): text for text in reversed([*found])}
    return tuple(SeenWarning(text=text, since=since.get(kind, at), at=at) for kind, text in reversed(kept.items()))[
        :MAX_WARNINGS
    ]


def after_push(known: Sequence[SeenWarning], found: Iterable[str], at: datetime) -> tuple[SeenWarning, ...]:
    """Return the warnings of a source after a pushed document had those in `found`."""
    now = after_document(known, found, at)
    kinds = {kind_of(one.text) for one in now}
    earlier = [one for one in known if kind_of(one.text) not in kinds and one.at > at - PUSH_MEMORY]
    return (*now, *earlier)[:MAX_WARNINGS]


def news(before: Sequence[SeenWarning], after: Sequence[SeenWarning]) -> tuple[str, ...]:
    """Return the warnings that a source did not have before."""
    kinds = {kind_of(one.text) for one in before}
    return tuple(one.text for one in after if kind_of(one.text) not in kinds)


def kind_of(warning: str) -> str:
    """Return a warning without its numbers and what it quotes, which change from poll to poll."""
    return _DETAILS.sub("", _NUMBER.sub("#", warning))

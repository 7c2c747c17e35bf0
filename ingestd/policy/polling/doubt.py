"""Decide when to ask a server for its document without validators, although it keeps answering 304.

Some servers answer 304 for ever: their ETag is that of a template, or a cache in front of them keeps an old one.  A
source that has been silent for longer than its pace makes likely is therefore asked without validators.  A document
that then has entries which a 304 has denied shows that its validators are worth nothing.
"""

from datetime import datetime, timedelta
from math import log

from ingestd.model.feed import Entry
from ingestd.model.source import Source, Validators

#: The shortest and the longest time between two whole answers of a source.  In between, a whole answer is asked for
#: once the silence is improbable.  As each further one waits until half of the silence has passed since the last, a
#: source that has nothing to say is asked at most four times in a night and a weekend.
MIN_WAIT, MAX_WAIT = timedelta(hours=6), timedelta(days=8)

#: A silence less probable than this is doubted.
UNLIKELY = 0.001

#: For how long the validators of a source are not sent once they have proved wrong; then they get another chance.
DISTRUST = timedelta(days=30)

#: Entries that are new although the server denied them were published at least this long before its last 304.
_BEFORE = timedelta(minutes=10)


def distrusts_validators(source: Source, now: datetime) -> bool:
    """Return whether validators of the source have proved wrong of late."""
    return source.distrusted_until is not None and now < source.distrusted_until


def doubts_silence(source: Source, now: datetime) -> bool:
    """Return whether to ask for a whole answer now, because the source has been silent for too long."""
    last = source.full_answer_at or source.last_read_at
    if last is None or source.pace is None:
        return False
    since, silence = now - last, now - (source.last_new_at or last)
    if since >= MAX_WAIT:
        return True
    if since < max(MIN_WAIT, silence / 2):
        return False
    # Entries come in bursts: as many at once as the dispersion says, so that bursts are independent.
    bursts = source.pace.rate * silence.total_seconds() / 3600 / source.pace.dispersion
    return bursts > -log(UNLIKELY)


def proves_false(source: Source, validators: Validators, new: tuple[Entry, ...]) -> bool:
    """Return whether the new entries of a whole answer with these validators show that the source's 304s were false.

    They are if the validators are those for which the server has answered 304, or if an entry is older than that.
    """
    if not new or not source.validators or source.last_success_at is None:
        return False
    if validators == source.validators:
        return True
    if source.full_answer_at and source.full_answer_at >= source.last_success_at:
        return False  # the last answer denied nothing
    denied_at = source.last_success_at - _BEFORE
    return any(when < denied_at for entry in new if (when := entry.updated or entry.published))

"""`source:3`, `source:https://news.example/feed.xml`, `source:"News Example"`."""

from collections.abc import Callable
from functools import partial

from ingestd.filters.candidate import Candidate, CandidateSource, Former
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Field, Reading
from ingestd.text import fold
from ingestd.urls import is_folder, is_inbox, source_url, without_userinfo


def read(value: str, _is_quoted: bool) -> Reading:
    """Read the number, the address or the beginning of the title of a source."""
    if value.isascii() and value.isdecimal():
        number = int(value[:19])
        return Reading(value=str(number), test=partial(_has_number, number))
    if value.startswith(("http://", "https://", "/")) or is_folder(value) or is_inbox(value):
        url = without_userinfo(source_url(value))
        return Reading(value=url, test=partial(_has_url, url))
    title = fold(value)
    if not title:
        raise ValueError("give a number, an address or the beginning of a title")
    return Reading(value=title, test=partial(_has_title, title))


def _has_number(number: int, candidate: Candidate) -> Truth:
    return _is_one(candidate, lambda source: source.id == number)


def _has_url(url: str, candidate: Candidate) -> Truth:
    return _is_one(candidate, lambda source: url in source.urls)


def _is_one(candidate: Candidate, is_it: Callable[[CandidateSource], bool]) -> Truth:
    if candidate.sources is None:
        return None
    found = [source for source in candidate.sources if is_it(source)]
    if isinstance(candidate, Former) and found:
        # A carrier that came later may have been missing when it was sent.
        return True if any(source.always for source in found) else None
    return bool(found)


def _has_title(title: str, candidate: Candidate) -> Truth:
    # Titles change, and former ones are not kept.
    if candidate.sources is None or candidate.withdrawn or isinstance(candidate, Former):
        return None
    return any(fold(source.title).startswith(title) for source in candidate.sources if source.title)


FIELD = Field(
    name="source",
    values="a source that carries the record: its number, its address, or the beginning of its title",
    needs=frozenset({"sources"}),
    read=read,
)

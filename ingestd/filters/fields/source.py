"""`source:3`, `source:https://news.example/feed.xml`, `source:"News Example"`."""

from functools import partial

from ingestd.filters.candidate import Candidate
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
    return None if candidate.sources is None else any(source.id == number for source in candidate.sources)


def _has_url(url: str, candidate: Candidate) -> Truth:
    return None if candidate.sources is None else any(url in source.urls for source in candidate.sources)


def _has_title(title: str, candidate: Candidate) -> Truth:
    if candidate.sources is None or candidate.withdrawn:  # titles change, and former ones are not kept
        return None
    return any(fold(source.title).startswith(title) for source in candidate.sources if source.title)


FIELD = Field(
    name="source",
    values="a source that carries the record: its number, its address, or the beginning of its title",
    needs=frozenset({"sources"}),
    read=read,
)

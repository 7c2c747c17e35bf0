"""IPTC's Media Topics: the vocabulary of subjects, a tree."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class MediaTopic(NamedTuple):
    """A Media Topic: its name in British English, its parent's code and the day it was retired; empty when absent."""

    code: str
    name: str
    parent: str
    retired: str


class _Vocabulary(NamedTuple):
    topics: Mapping[str, MediaTopic]
    #: Subject Code → code of the Media Topic.
    by_subject_code: Mapping[str, str]
    #: Case-folded name → code; of several with one name, one that is not retired.
    by_name: Mapping[str, str]


@cache
def _vocabulary() -> _Vocabulary:
    """Load the vocabulary shipped with the package; the file's head names its source and licence."""
    topics: dict[str, MediaTopic] = {}
    by_subject_code: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for line in (files("ingestd.model") / "media_topics.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        code, parent, retired, subject_codes, name = line.split("\t")
        topics[code] = MediaTopic(code, name, parent, retired)
        if not retired or name.casefold() not in by_name:
            by_name[name.casefold()] = code
        for subject_code in subject_codes.split():
            # Three Subject Codes have two topics, one of them retired.
            if not retired or subject_code not in by_subject_code:
                by_subject_code[subject_code] = code
    return _Vocabulary(topics, by_subject_code, by_name)


def media_topic(code: str) -> MediaTopic | None:
    """Return a Media Topic by its eight-digit code; None when unknown."""
    return _vocabulary().topics.get(code)


def media_topic_named(name: str) -> MediaTopic | None:
    """Return a Media Topic by its British English name, whatever its case; None when unknown."""
    code = _vocabulary().by_name.get(name.casefold())
    return None if code is None else _vocabulary().topics[code]


def topic_of_subject_code(code: str) -> MediaTopic | None:
    """Return the Media Topic that IPTC maps a retired Subject Code to; None: there is none."""
    found = _vocabulary().by_subject_code.get(code)
    return None if found is None else _vocabulary().topics[found]


def with_broader(code: str) -> Iterator[str]:
    """Yield the code of a Media Topic and of those above it, the narrowest first; yields an unknown one alone."""
    while code:
        yield code
        topic = media_topic(code)
        code = topic.parent if topic else ""

"""What is stored for one `put`: the record of the body, and that of the answer, which is JSON."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import sha256 as hash_of

from ingestd.archive.protocol import Kind
from ingestd.model.answer import Answer, Headers, Redirect

# Bytes of the hash of a URL or a subject in the index: no two have the same.
_KEY = 16


@dataclass(frozen=True, slots=True)
class Put:
    """A call of `put`: a body, its kind, the answer that carried it, its subjects, or their keys, and its frame.

    `day` (UTC) is that of a document of another archive; None: today.
    """

    body: bytes
    kind: Kind
    answer: Answer | None = None
    subjects: Collection[str | bytes] = ()
    frame: bytes | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A body to store, and its answer."""

    kind: Kind
    sha256: bytes
    body: bytes
    answer: "AnswerItem | None"
    #: Keys of its subjects.
    subjects: tuple[bytes, ...]
    #: The body as a frame of zstd; None: it is not compressed yet.
    frame: bytes | None = None
    #: UTC; None: today.
    day: date | None = None


@dataclass(frozen=True, slots=True)
class AnswerItem:
    """An answer to store: the hash of its URL, its status and time, and its JSON with the SHA-256 of it."""

    url: bytes
    status: int
    fetched_at: datetime
    name: bytes
    content: bytes


def make_item(put: Put) -> Item:
    """Return what to store for a call of `put`."""
    keys = tuple(dict.fromkeys(one if isinstance(one, bytes) else key_of(one) for one in put.subjects))
    answer = _answer_item(put.answer) if put.answer else None
    return Item(put.kind, hash_of(put.body).digest(), put.body, answer, keys, put.frame, put.day)


def _answer_item(answer: Answer) -> AnswerItem:
    fields = {**asdict(answer), "fetched_at": answer.fetched_at.isoformat()}
    # Headers may contain lone surrogates, for bytes that are no UTF-8; JSON's escapes keep them.
    content = json.dumps(fields, separators=(",", ":")).encode()
    name = hash_of(content).digest()
    return AnswerItem(key_of(answer.url), answer.status, answer.fetched_at, name, content)


def answer_of(content: bytes) -> Answer:
    """Return a stored answer; fields that a later version added are passed over."""
    fields = json.loads(content)
    return Answer(
        url=fields["url"],
        final_url=fields["final_url"],
        status=fields["status"],
        reason=fields["reason"],
        headers=_pairs(fields["headers"]),
        fetched_at=datetime.fromisoformat(fields["fetched_at"]),
        redirects=tuple(
            Redirect(url=one["url"], status=one["status"], reason=one["reason"], headers=_pairs(one["headers"]))
            for one in fields.get("redirects", ())
        ),
    )


def _pairs(headers: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in headers)


def key_of(name: str) -> bytes:
    """Return the hash by which the index finds the answers of a URL, or the bodies of a subject."""
    return hash_of(name.encode("utf-8", "surrogatepass")).digest()[:_KEY]

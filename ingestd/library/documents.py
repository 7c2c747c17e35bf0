"""Documents as callers hand them over: bytes, text, or the reply of a fetch."""

from dataclasses import dataclass

from ingestd.model.reply import Reply

#: Text has been decoded, so whatever charset it declares no longer applies.
_UTF8 = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The bytes of a document, its URL, and its Content-Type header."""

    body: bytes
    url: str
    content_type: str | None


def document_of(given: bytes | str | Reply, url: str, content_type: str | None) -> Document:
    """Return what was given as a document; `url` and `content_type` replace those of a reply, if they are given."""
    if isinstance(given, Reply):
        return Document(body=given.body, url=url or given.final_url, content_type=content_type or given.content_type)
    if isinstance(given, str):
        return Document(body=given.encode("utf-8", "replace"), url=url, content_type=_UTF8)
    return Document(body=given, url=url, content_type=content_type)

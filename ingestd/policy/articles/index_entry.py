"""What the full-text index has of a text, in the same way whatever the database."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ingestd.model.search_terms import terms
from ingestd.policy.articles.phrase_filter import phrase_filter

#: Put before a term for each word of the headline, and for each word that a body has at least OFTEN times: ranking
#: looks these up.  No term begins with them.
HEADLINE_MARK, OFTEN_MARK = "§", "×"
OFTEN = 3

#: Characters of a body that the index covers, and bytes of terms for one text: a tsvector has at most 1 MB.
_MAX_CHARACTERS = 200_000
_MAX_BYTES = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """What the index has of a text."""

    #: The distinct terms and the ranking marks, sorted and separated by spaces.
    terms: str
    #: `phrase_filter` of the headline and the body; empty: the body is too long for one.
    phrases: bytes


def index_entry(headline: str | None, body: str) -> IndexEntry:
    """Return what the index has of a text."""
    of_headline, of_body = terms(headline or ""), terms(body[:_MAX_CHARACTERS])
    # Only the whole body says that it does not have a phrase.
    phrases = b"" if len(body) > _MAX_CHARACTERS else phrase_filter((of_headline, of_body))
    return IndexEntry(terms=_joined(of_headline, of_body), phrases=phrases)


def _joined(of_headline: Sequence[str], of_body: Sequence[str]) -> str:
    counts = Counter(of_body)
    found = {
        *of_headline,
        *counts,
        *(HEADLINE_MARK + term for term in of_headline),
        *(OFTEN_MARK + term for term, count in counts.items() if count >= OFTEN),
    }
    joined = " ".join(sorted(found))
    if len(joined) * 4 > _MAX_BYTES and len(joined.encode()) > _MAX_BYTES:
        joined = joined.encode()[:_MAX_BYTES].decode(errors="ignore").rpartition(" ")[0]
    return joined

"""`headline:ferry`: words in the headline."""

from ingestd.filters.fields.field import Field
from ingestd.filters.fields.word_values import reader

FIELD = Field(
    name="headline",
    values="words in the headline",
    needs=frozenset({"headline"}),
    read=reader(lambda candidate: (candidate.headline_terms,)),
)

"""`ferry`, without a field: words in the headline or in the text."""

from ingestd.filters.fields.field import Field
from ingestd.filters.fields.word_values import reader

FIELD = Field(
    name="",
    values="words in the headline or the text",
    needs=frozenset({"headline", "text"}),
    read=reader(lambda candidate: (candidate.headline_terms, candidate.text_terms)),
)

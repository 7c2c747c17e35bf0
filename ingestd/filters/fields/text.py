"""`text:ferry`: words in the text."""

from ingestd.filters.fields.field import Field
from ingestd.filters.fields.word_values import reader

FIELD = Field(
    name="text",
    values="words in the text",
    needs=frozenset({"text"}),
    read=reader(lambda candidate: (candidate.text_terms,)),
)

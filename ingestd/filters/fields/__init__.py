"""Fields: what a filter can ask for.

Each field is one module here, exports `FIELD` and has a line in FIELDS.
"""

from ingestd.filters.fields import (
    agency,
    headline,
    kind,
    language,
    site,
    source,
    status,
    story,
    subject,
    text,
    words,
)
from ingestd.filters.fields.field import Field

#: All fields by name, in the order of the documentation.
FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        source.FIELD,
        site.FIELD,
        agency.FIELD,
        language.FIELD,
        subject.FIELD,
        status.FIELD,
        kind.FIELD,
        story.FIELD,
        headline.FIELD,
        text.FIELD,
        words.FIELD,
    )
}

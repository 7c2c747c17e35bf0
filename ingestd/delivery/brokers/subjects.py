"""Subjects and routing keys with placeholders, as in `ingestd.{kind}`."""

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field

from ingestd.model.event import Event

#: What each placeholder stands for.  None of them can have a dot, a space or a wildcard.
PLACEHOLDERS: Mapping[str, Callable[[Event], str]] = {
    "kind": lambda event: event.kind,
    "record": lambda event: str(event.record_id),
    "source": lambda event: str(event.source_id),
}


def _check(template: str) -> str:
    try:
        fields = [field for field in Formatter().parse(template) if field[1] is not None]
    except ValueError as error:
        raise ValueError(f"is not a template: {error}") from None
    if any(name not in PLACEHOLDERS or form or conversion for _, name, form, conversion in fields):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(f"has an unknown placeholder; should be one of {known}")
    if "{{" in template or "}}" in template or "*" in template or "#" in template or ">" in template:
        raise ValueError("should have no wildcard and no brace but those of placeholders")
    if not template.isprintable() or " " in template or "" in template.split("."):
        raise ValueError("should be words separated by dots, without spaces")
    return template


#: A subject or routing key with placeholders.
SubjectTemplate = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_check)]


def subject_for(template: str, event: Event) -> str:
    """Return the subject of an event."""
    return template.format(**{name: value(event) for name, value in PLACEHOLDERS.items()})


def wildcard_for(template: str, wildcard: str = "*") -> str:
    """Return what matches every subject of a template."""
    return ".".join(wildcard if "{" in word else word for word in template.split("."))

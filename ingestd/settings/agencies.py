"""The setting `agencies`: agencies that the table of agencies does not have."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from ingestd.settings.values import _split_list
from ingestd.urls import site

#: Characters of a name, as the database keeps it.
_LONGEST = 40


def parse_agency(text: str) -> tuple[str, str]:
    """Return the name and the site of an agency, given as NAME=SITE; raises ValueError."""
    name, _, host = (part.strip() for part in text.partition("="))
    if not name or not host or "/" in host or len(name) > _LONGEST:
        raise ValueError(
            f"{text!r} should be NAME=SITE, as in Harbour Press=harbourpress.example, with a name of at most "
            f"{_LONGEST} characters"
        )
    return name, site(f"https://{host}/")


def _agency(text: str) -> str:
    return "=".join(parse_agency(text))


Agencies = Annotated[
    tuple[Annotated[str, AfterValidator(_agency)], ...],
    BeforeValidator(_split_list),
    Field(
        description=(
            "News agencies that ingestd does not know, each NAME=SITE, as in Harbour Press=harbourpress.example. What "
            "is published at the site is the agency's own; a text credits it by its name in the byline, the dateline "
            "or a line at the end. In the environment: separated by commas."
        )
    ),
]

"""Times as pages state them, in their markup and in print."""

from lxml import etree

from ingestd.dates import reading
from ingestd.dates.stated_time import StatedTime

#: Earlier years on a page are its subject's, later ones are misprints.
_YEARS = range(1990, 2100)


def read_stated_time(value: object, language: str | None = None) -> StatedTime | None:
    """Read the time that an attribute or a field of metadata holds, to its end; None when it is not a time.

    `language` is the page's: see `ingestd.dates.reading.read_time`.
    """
    return reading.read_time(value, language, years=_YEARS)


def find_stated_time(line: str, language: str | None = None) -> StatedTime | None:
    """Find a printed date in a line of text, as in "Posted Jun 24, 2020 1:15 AM CDT"; None when there is none."""
    return reading.find_time(line, language, years=_YEARS)


def language_of_page(root: etree._Element) -> str | None:
    """Return the language that a page's root element states, as written."""
    stated: str | None = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
    return stated

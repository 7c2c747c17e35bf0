"""`site:bbc.co.uk`: the registrable domain of a source or a page."""

from functools import partial

from ingestd.filters.candidate import Candidate, Former
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Field, Reading
from ingestd.urls import normalise, site


def read(value: str, _is_quoted: bool) -> Reading:
    """Read a registrable domain or an IP address."""
    domain = value.lower().rstrip(".")
    try:
        normal = normalise(f"https://{domain}/")
    except ValueError as error:
        raise ValueError(f"{value!r} is no domain; write it like bbc.co.uk") from error
    registrable = site(normal)
    if normal != f"https://{registrable}/":
        raise ValueError(f"{value!r} is no registrable domain; write {registrable}")
    return Reading(value=registrable, test=partial(_has_site, registrable))


def _has_site(domain: str, candidate: Candidate) -> Truth:
    if candidate.sites is None:
        return None
    if isinstance(candidate, Former) and domain in candidate.maybe_sites - candidate.sites:
        return None
    return domain in candidate.sites


FIELD = Field(
    name="site",
    values="the registrable domain of a source or a page, as in bbc.co.uk",
    needs=frozenset({"sites"}),
    read=read,
)

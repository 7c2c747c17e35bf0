"""Render the status page as HTML: text from outside is escaped, and the page runs no script and loads nothing."""

import base64
import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ingestd import __version__
from ingestd.daemon.checks import Report
from ingestd.model.story import Story
from ingestd.model.story_words import origin_of
from ingestd.store.consumers.figures import ConsumerFigures
from ingestd.store.nodes.listing import Node
from ingestd.text import collapse
from ingestd.times import iso
from ingestd.units import show_duration, show_size
from ingestd.urls import resolve, without_userinfo

#: Rows of the list of sources and of each other list: what a person reads on one page.
SOURCE_ROWS, LATEST_ROWS = 200, 20

_ABSENT = "–"
_USER_INFO = re.compile(r"(?<=//)[^\s/@]*@")

# Read once: the Content-Security-Policy allows it by its hash.
_STYLE = (resources.files(__package__) / "templates" / "style.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()

#: Allows the page its own style and nothing else.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

#: Allows forms as well, sent to the page's own origin.
FORM_SECURITY_POLICY = CONTENT_SECURITY_POLICY.replace("form-action 'none'", "form-action 'self'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Rows of `store.operations.overview` and `store.operations.failures` for the page, newest first."""

    #: At most `SOURCE_ROWS`, the ones with most failures in a row first.
    sources: list[dict[str, Any]]
    #: At most `LATEST_ROWS` of each.
    polls: list[dict[str, Any]]
    records: list[dict[str, Any]]
    failures: list[dict[str, Any]]
    #: The stories that most publishers carry, of the last day.
    stories: list[Story] = field(default_factory=list)
    #: Consumers that are not well, at most `LATEST_ROWS`, and how many there are beyond those.
    consumers: tuple[ConsumerFigures, ...] = ()
    more_consumers: int = 0
    #: Empty if there is only this one.
    nodes: tuple[Node, ...] = ()


def render_login(message: str | None) -> str:
    """Return the page with the login form; `message` says why the last attempt failed."""
    return TEMPLATES.get_template("login.html").render(message=message)


def render(
    report: Report,
    lists: Lists | None,
    counts: dict[str, int] | None,
    *,
    note: str | None,
    counted_at: datetime | None = None,
    logged_in: bool = False,
) -> str:
    """Return the page; without lists and counts from the database it shows the report alone.

    `note` tells the reader why data is missing or old, `counted_at` from when the counts are if that is not now;
    `logged_in` adds a way to log out.
    """
    page = TEMPLATES.get_template("status.html")
    return page.render(
        report=report, lists=lists, counts=counts or {}, counted_at=counted_at, note=note, logged_in=logged_in,
        is_cut=lists is not None and len(lists.sources) == SOURCE_ROWS,
    )  # fmt: skip


def _time_element(when: datetime | None) -> str:
    """Return a time element, to the second."""
    if when is None:
        return _ABSENT
    return Markup('<time datetime="{}">{:%Y-%m-%d %H:%M:%S}</time>').format(iso(when), when)


def _line(text: str | None) -> str:
    """Return text on one line, with the user-info of its URLs removed."""
    return _USER_INFO.sub("", collapse(text))


def _address(url: str | None) -> str:
    """Return a URL for display, without its user-info."""
    return collapse(without_userinfo(url)) if url else ""


def _link(url: str | None) -> str | None:
    """Return a URL that is safe as a link; None: it is not absolute, or neither http nor https."""
    target = resolve("", url)
    return without_userinfo(target) if target else None


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return _ABSENT
    return show_duration(value) if unit == "s" else f"{value:,.0f} {unit}"


def _number(value: int | None) -> str:
    return _ABSENT if value is None else f"{value:,}"


#: The templates of all pages.
TEMPLATES = Environment(
    loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
# Not escaped: an escaped quote would no longer match the hash.
TEMPLATES.globals.update(version=__version__, style=Markup(_STYLE))  # noqa: S704 - our own file
TEMPLATES.filters.update(
    time=_time_element, line=_line, address=_address, link=_link, figure=_figure, number=_number,
    duration=show_duration, size=show_size, origin=origin_of,
)  # fmt: skip

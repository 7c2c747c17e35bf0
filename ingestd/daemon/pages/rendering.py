"""The page as HTML: whatever strangers wrote is text on it, and nothing on it runs or is loaded."""

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ingestd import __version__
from ingestd.daemon.checks import Report
from ingestd.text import collapse
from ingestd.times import iso
from ingestd.units import show_duration, show_size
from ingestd.urls import resolve, without_userinfo

#: Rows of each list: what a person reads on one page.
SOURCES, LATEST = 200, 20

_NOTHING = "–"
_USER_INFO = re.compile(r"(?<=//)[^\s/@]*@")

# Read once: its hash is in the header that allows it.
_STYLE = (resources.files(__package__) / "templates" / "style.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()

#: What the page may do: show itself in its own style.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What the database holds, as rows of `store.operations.overview` and `store.operations.failures`; newest first."""

    #: At most `SOURCES`, and how many there are; the ones with most failures in a row first.
    sources: list[dict[str, Any]]
    sources_total: int
    #: At most `LATEST` of each.
    polls: list[dict[str, Any]]
    records: list[dict[str, Any]]
    failures: list[dict[str, Any]]


def render(report: Report, lists: Lists | None, counts: dict[str, int] | None, *, note: str | None) -> str:
    """Return the page; without the database it has only what the daemon knows by itself.

    `note` says why something is missing or old.
    """
    page = _templates.get_template("status.html")
    return page.render(report=report, lists=lists, counts=counts or {}, note=note)


def _moment(when: datetime | None) -> str:
    """Return a time as an element, to the second."""
    if when is None:
        return _NOTHING
    return Markup('<time datetime="{}">{:%Y-%m-%d %H:%M:%S}</time>').format(iso(when), when)


def _line(text: str | None) -> str:
    """Return text on one line, without the user-info of URLs in it."""
    return _USER_INFO.sub("", collapse(text))


def _address(url: str | None) -> str:
    """Return a URL as it may be shown."""
    return collapse(without_userinfo(url)) if url else ""


def _link(url: str | None) -> str | None:
    """Return a URL that may be followed, None when it is not absolute, or neither http nor https."""
    target = resolve("", url)
    return without_userinfo(target) if target else None


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return _NOTHING
    return show_duration(value) if unit == "s" else f"{value:,.0f} {unit}"


def _number(value: int | None) -> str:
    return _NOTHING if value is None else f"{value:,}"


_templates = Environment(
    loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
# The style is ours; as text, a quote in it would no longer be the one that was hashed.
_templates.globals.update(version=__version__, style=Markup(_STYLE))  # noqa: S704 - ours, and no stranger's
_templates.filters.update(
    moment=_moment, line=_line, address=_address, link=_link, figure=_figure, number=_number,
    duration=show_duration, size=show_size,
)  # fmt: skip

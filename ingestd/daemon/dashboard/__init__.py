"""The status page: one page that a person can read, made of what strangers wrote and hostile to none of it."""

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

#: Rows of each list: what fits on a page that a person reads.
SOURCES, LATEST = 200, 20

_USER_INFO = re.compile(r"(?<=//)[^\s/@]*@")

# Loaded once: its hash is in the header that allows it.
_STYLE = resources.files(__package__).joinpath("templates/style.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()

#: What the page may do: show itself in its own style, and nothing else.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What the database holds, as rows; newest first."""

    #: At most `SOURCES`, out of so many.
    sources: list[dict[str, Any]]
    sources_total: int
    polls: list[dict[str, Any]]
    records: list[dict[str, Any]]
    failures: list[dict[str, Any]]


def render(report: Report, lists: Lists | None, counts: dict[str, int] | None, *, note: str | None) -> str:
    """Return the page; without the database's answer it has only what the daemon itself knows.

    `note` says why something is missing, or old.
    """
    page = _templates.get_template("status.html")
    return page.render(
        report=report, lists=lists, counts=counts or {}, note=note, version=__version__, style=Markup(_STYLE)
    )  # nosec: the style is ours


def _moment(when: datetime | None) -> str:
    """Return a time as an element; all of the page is in UTC."""
    if when is None:
        return Markup("–")
    return Markup('<time datetime="{}">{:%Y-%m-%d %H:%M:%S}</time>').format(iso(when), when)


def _line(text: object) -> str:
    """Return a stranger's text on one line, without user-info."""
    return _USER_INFO.sub("", collapse(str(text))) if text is not None else ""


def _link(url: str | None) -> str | None:
    """Return a URL that may be followed: absolute, http or https, without user-info."""
    resolved = resolve("", url)
    return without_userinfo(resolved) if resolved else None


def _figure(value: float | None, unit: str) -> str:
    """Write a check's value for people."""
    if value is None:
        return "–"
    return show_duration(value) if unit == "s" else f"{value:,.0f} {unit}"


_templates = Environment(
    loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_templates.filters.update(
    moment=_moment, line=_line, link=_link, figure=_figure, duration=show_duration, size=show_size
)

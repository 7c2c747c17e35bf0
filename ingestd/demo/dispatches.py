"""The dispatches of the wire agency: every version of every item, with the time at which it is sent."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

#: A reserved name (RFC 2606, 3), used in identifiers.
DOMAIN = "orrinwire.example"
TITLE = "Orrin Wire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One version of an item, as the agency sends it."""

    #: The same in all versions of the item.
    slug: str
    version: int
    #: Seconds after the newsroom opens: when the version is sent, and when it was created, which may be long before.
    after: float
    made: float
    status: Literal["usable", "canceled"]
    #: The end of the embargo, in seconds after the newsroom opens; None: no embargo.
    embargoed: float | None
    #: The code of a signal (IPTC's `signal`) and a note to editors; empty: none.
    signal: str
    note: str
    headline: str
    #: From 1 (a flash) to 9, as set by the agency.
    urgency: int
    byline: str
    #: Empty for an alert.
    paragraphs: tuple[str, ...]

    @property
    def guid(self) -> str:
        """The identifier of the item, the same in all versions (RFC 3085, without the version)."""
        return f"urn:newsml:{DOMAIN}:20200624:{self.slug}"


def load() -> tuple[Dispatch, ...]:
    """Read the dispatches of the package, in the order in which they are sent."""
    document = tomllib.loads((files("ingestd.demo") / "stories.toml").read_text("utf-8"))
    return tuple(sorted(map(_dispatch, document["dispatch"]), key=lambda dispatch: dispatch.after))


def _dispatch(row: Mapping[str, Any]) -> Dispatch:
    text = row.get("text", "").strip()
    return Dispatch(
        slug=row["slug"],
        version=row["version"],
        after=row["after"],
        made=row.get("made", row["after"]),
        status=row.get("status", "usable"),
        embargoed=row.get("embargoed"),
        signal=row.get("signal", ""),
        note=row.get("note", ""),
        headline=row["headline"],
        urgency=row.get("urgency", 4),
        byline=row.get("byline", ""),
        paragraphs=tuple(text.split("\n\n")) if text else (),
    )


def last_change(dispatches: tuple[Dispatch, ...]) -> float:
    """Return when the last dispatch is sent and the last embargo has ended, in seconds after the newsroom opens."""
    return max(seconds for dispatch in dispatches for seconds in (dispatch.after, dispatch.embargoed or 0.0))

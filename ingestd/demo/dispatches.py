"""What the wire agency sends, version by version, and what is out at a given moment."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

#: A name that can never be registered (RFC 2606, 3); it stands in the identifiers.
DOMAIN = "orrinwire.example"
TITLE = "Orrin Wire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One version of an item as the agency sends it."""

    #: What all versions of the item have in common.
    slug: str
    version: int
    #: Seconds after the newsroom opens: when it is sent, and when the version was made, which may be long before.
    after: float
    made: float
    status: Literal["usable", "canceled"]
    #: Seconds after the newsroom opens until which nobody may publish it; None: at once.
    embargoed: float | None
    #: The code of a signal (IPTC's `signal`), and a note to editors; empty where there is none.
    signal: str
    note: str
    headline: str
    #: 1 for a flash to 9; the agency's own judgement.
    urgency: int
    byline: str
    #: An alert has none.
    paragraphs: tuple[str, ...]

    @property
    def guid(self) -> str:
        """Return the item's identifier, the same in all versions (RFC 3085, without the version)."""
        return f"urn:newsml:{DOMAIN}:20200624:{self.slug}"


def load() -> tuple[Dispatch, ...]:
    """Read the dispatches that come with the package, in the order in which they are sent."""
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


def last_moment(dispatches: tuple[Dispatch, ...]) -> float:
    """Return when the last dispatch is out and the last embargo over, in seconds after the newsroom opens."""
    return max(moment for dispatch in dispatches for moment in (dispatch.after, dispatch.embargoed or 0.0))

"""The stories of the outlets, and the version of each at a given time."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

from ingestd.times import utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """The text printed below a picture."""

    caption: str
    credit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A later version: `was` became `now`; both empty: only the page around the text changed."""

    #: Seconds after the newsroom opens.
    after: float
    posted: datetime
    was: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story of one outlet, with all its later edits."""

    slug: str
    #: The slug of the outlet.
    outlet: str
    #: Seconds after the newsroom opens.
    after: float
    posted: datetime
    headline: str
    dek: str
    byline: str
    #: As printed, with its dash; empty: the paper prints none.
    dateline: str = ""
    keywords: tuple[str, ...] = ()
    photo: Photo
    paragraphs: tuple[str, ...]
    edits: tuple[Edit, ...] = ()
    #: The slug of the story that this one reprints word for word; None: it is no reprint.
    reprint: str | None = None

    @property
    def corrections(self) -> int:
        """The number of edits that change the text."""
        return sum(1 for edit in self.edits if edit.was)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A story at one moment."""

    story: Story
    #: Without the dateline.
    paragraphs: tuple[str, ...]
    updated: datetime
    #: The number of edits so far; the links around the text rotate with it.
    edits: int

    @property
    def printed(self) -> tuple[str, ...]:
        """The paragraphs as printed, with the dateline before the first."""
        first, *others = self.paragraphs
        return (f"{self.story.dateline} {first}".lstrip(), *others)


def load() -> tuple[Story, ...]:
    """Read the stories of the package, in the order of the file."""
    document = tomllib.loads((files("ingestd.demo") / "stories.toml").read_text("utf-8"))
    rows = {row["slug"]: row for row in document["story"]}
    # A reprint has the fields of the original except those it sets itself.
    originals = {slug: rows[row["reprint"]] for slug, row in rows.items() if "reprint" in row}
    return tuple(_story({**originals.get(slug, {}), **row}) for slug, row in rows.items())


def _story(row: Mapping[str, Any]) -> Story:
    return Story(
        slug=row["slug"],
        outlet=row["outlet"],
        after=row["after"],
        posted=utc(row["posted"]),
        headline=row["headline"],
        dek=row["dek"],
        byline=row["byline"],
        dateline=row.get("dateline", ""),
        keywords=tuple(row["keywords"]),
        photo=Photo(**row["photo"]),
        paragraphs=tuple(row["text"].strip().split("\n\n")),
        edits=tuple(_edit(edit) for edit in row.get("edits", ())),
        reprint=row.get("reprint"),
    )


def _edit(row: Mapping[str, Any]) -> Edit:
    return Edit(after=row["after"], posted=utc(row["posted"]), was=row.get("was", ""), now=row.get("now", ""))


def version(story: Story, elapsed: float) -> Version | None:
    """Return the version of a story `elapsed` seconds after the newsroom opened; None: not published yet."""
    if elapsed < story.after:
        return None
    edits = [edit for edit in story.edits if edit.after <= elapsed]
    text = "\n\n".join(story.paragraphs)
    for edit in edits:
        text = text.replace(edit.was, edit.now) if edit.was else text
    updated = edits[-1].posted if edits else story.posted
    return Version(story=story, paragraphs=tuple(text.split("\n\n")), updated=updated, edits=len(edits))


def last_change(stories: tuple[Story, ...]) -> float:
    """Return when the last story or edit is published, in seconds after the newsroom opens."""
    return max(seconds for story in stories for seconds in (story.after, *(edit.after for edit in story.edits)))

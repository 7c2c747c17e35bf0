"""Print stories as tables or as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ingestd.cli.output import show, show_json, show_table
from ingestd.model.story import Story, percent, reasons
from ingestd.times import iso


def show_stories(found: Sequence[Story], *, json: bool) -> None:
    """Print stories as a table, or as one JSON list."""
    if json:
        show_json([asdict(story) for story in found])
        return
    rows = [
        (
            story.id, iso(story.first_seen_at), len(story.copies), story.publishers, story.agency or _origin(story),
            story.headline,
        )
        for story in found
    ]  # fmt: skip
    show_table(("story", "first seen", "records", "publishers", "origin", "headline"), rows)


def _origin(story: Story) -> str | None:
    return next((one.publisher for one in story.copies if one.record_id == story.origin_record), None)


def show_story(story: Story, *, json: bool) -> None:
    """Print a story with its records and the evidence of each."""
    if json:
        show_json(asdict(story))
        return
    fields: dict[str, Any] = {
        "story": story.id,
        "headline": story.headline,
        "first seen": iso(story.first_seen_at),
        "last seen": iso(story.last_seen_at),
        "origin": story.origin_record and f"record {story.origin_record}, {_origin(story)}",
        "agency": story.agency,
        "first carrier": story.first_record
        and f"record {story.first_record}" + (f", entry {story.first_entry}" if story.first_entry else ""),
        "round-up": "parts of several stories" if story.round_up else None,
        "pinned": "an operator has put it together" if story.pinned else None,
    }
    show_table(("field", "value"), [(name, value) for name, value in fields.items() if value is not None])
    show("")
    rows = [
        (
            one.record_id, iso(one.printed_at or one.seen_at), one.publisher, one.pubstatus, one.carriers,
            one.revisions, percent(one.share), one.origin_record, one.headline,
        )
        for one in story.copies
    ]  # fmt: skip
    show_table(("record", "time", "publisher", "status", "carriers", "revisions", "share", "origin", "headline"), rows)
    for one in story.copies:
        for line in reasons(one):
            show(f"record {one.record_id}: {line}")

"""Print stories as tables or as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ingestd.cli.output import show, show_json, show_table
from ingestd.model.story import Story, StoryCopy
from ingestd.model.story_words import origin_of, percent, reasons
from ingestd.renderers.story_json import story_as_json
from ingestd.times import iso


def show_stories(found: Sequence[Story], *, json: bool) -> None:
    """Print stories as a table, or as one JSON list."""
    if json:
        show_json([asdict(story) for story in found])
        return
    rows = [
        (
            story.id, iso(story.first_seen_at), iso(story.last_seen_at), len(story.copies), story.carriers,
            story.publishers, story.agency or _publisher(story, story.origin_record), headline_of(story),
        )
        for story in found
    ]  # fmt: skip
    columns = ("story", "first seen", "last seen", "records", "carriers", "publishers", "origin", "headline")
    show_table(columns, rows)


def show_story(story: Story, *, json: bool) -> None:
    """Print a story with its records, and for each who carries it, its versions and the evidence."""
    if json:
        show_json(story_as_json(story))
        return
    fields: dict[str, Any] = {
        "story": story.id,
        "headline": headline_of(story),
        "first seen": iso(story.first_seen_at),
        "last seen": iso(story.last_seen_at),
        "carriers": story.carriers,
        "publishers": story.publishers,
        "origin": origin_of(story),
        "first carrier": _first_carrier(story),
        "round-up": "parts of several stories" if story.round_up else None,
        "pinned": "an operator has put it together" if story.pinned else None,
    }
    show_table(("field", "value"), [(name, value) for name, value in fields.items() if value is not None])
    show("")
    rows = [
        (
            one.record_id, iso(one.seen_at), iso(one.printed_at), one.publisher, one.pubstatus, len(one.carriers),
            len(one.versions), percent(one.share), one.origin_record, one.via_record, headline_of(one),
        )
        for one in story.copies
    ]  # fmt: skip
    columns = (
        "record", "seen", "printed", "publisher", "status", "carriers", "versions", "share", "origin", "via", "headline"
    )  # fmt: skip
    show_table(columns, rows)
    for one in story.copies:
        show("")
        for line in _details(one):
            show(f"record {one.record_id}: {line}")


def _details(one: StoryCopy) -> Iterator[str]:
    yield from reasons(one)
    for version in one.versions if len(one.versions) > 1 else ():
        yield f"version {version.revision}: {version.change}, {iso(version.versioncreated or version.seen_at)}"
    for carrier in one.carriers if len(one.carriers) > 1 else ():
        yield f"carried by {carrier.publisher}, {iso(carrier.seen_at)}, entry {carrier.entry_id}"


def _first_carrier(story: Story) -> str | None:
    if story.first_record is None:
        return None
    entry = f", entry {story.first_entry}" if story.first_entry else ""
    publisher = _publisher(story, story.first_record)
    if story.first_entry:
        carriers = [carrier for one in story.copies for carrier in one.carriers]
        publisher = next((one.publisher for one in carriers if one.entry_id == story.first_entry), publisher)
    return f"{publisher or 'gone'}, record {story.first_record}{entry}"


def _publisher(story: Story, record_id: int | None) -> str | None:
    return next((one.publisher for one in story.copies if one.record_id == record_id), None)


def headline_of(shown: Story | StoryCopy) -> str:
    """Return the headline; where it is withheld, killed or missing, words that say so."""
    return shown.headline or "(no headline that may be shown)"

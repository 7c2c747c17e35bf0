"""Print records as a table or as JSON."""

from collections.abc import Iterable

from ingestd.cli.output import show_json, show_table
from ingestd.model.record import Record, RecordSummary
from ingestd.renderers.record_forms import summary_of
from ingestd.renderers.record_json import record_as_json
from ingestd.times import iso


def show_records(found: list[Record], *, json: bool) -> None:
    """Print records as a table, or as one JSON list."""
    if json:
        show_json([record_as_json(record) for record in found])
        return
    show_summaries(map(summary_of, found))


def show_summaries(found: Iterable[RecordSummary]) -> None:
    """Print records as a table."""
    rows = [
        (one.id, iso(one.at), one.pubstatus, one.revision, one.carriers, one.story, one.headline, one.uri or one.guid)
        for one in found
    ]
    show_table(("id", "time", "status", "revision", "carriers", "story", "headline", "uri"), rows)

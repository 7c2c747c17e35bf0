"""Print records as a table or as JSON."""

from ingestd.cli.output import show_json, show_table
from ingestd.cli.records.record_json import record_as_json
from ingestd.model.record import Record
from ingestd.times import iso


def show_records(found: list[Record], *, json: bool) -> None:
    """Print records as a table, or as one JSON list."""
    if json:
        show_json([record_as_json(record) for record in found])
        return
    rows = [
        (
            r.id,
            iso(r.article.versioncreated or r.seen_at),
            r.pubstatus,
            r.revision,
            len(r.carriers),
            r.article.headline,
            r.article.uri or r.guid,
        )
        for r in found
    ]
    show_table(("id", "time", "status", "revision", "carriers", "headline", "uri"), rows)

"""`ingestd reprocess`."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from time import monotonic
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from ingestd import urls
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show, show_diff, show_json, show_table
from ingestd.cli.settings import load_settings
from ingestd.cli.since import SinceOption, parse_since
from ingestd.cli.terminal import progress_bar, run_with_refresh
from ingestd.errors import UsageError
from ingestd.pipeline.database import open_database
from ingestd.pipeline.runtime import make_archive, make_pool
from ingestd.policy.articles.changes import diff
from ingestd.reprocess.job import Reprocess, ReprocessResult, ShortenedText, SkippedRecord
from ingestd.settings import Settings
from ingestd.store.outages import OutageLog
from ingestd.store.polls import sources
from ingestd.store.records.reprocessing import ReprocessedRevision, Selection
from ingestd.workers.extractor import Extractor

#: Rows of each list in the text output; `--json` has all of them.
_ROWS = 20


def reprocess(
    *,
    site: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="Only pages of this site, as in news.example.")
    ] = None,
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="Only records carried by this source.")] = None,
    since: SinceOption = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Stop after N records.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Include records that the current rules made.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change; change nothing.")] = False,
    samples: Annotated[int, typer.Option(min=0, max=1000, metavar="N", help="Show the differences of N records.")] = 5,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Extract stored pages again with the current rules.

    Reads the raw archive and fetches nothing. A record whose article differs gets a new revision of kind `reprocessed`,
    which is not news. A record whose page yields no article any more stays as it is. If the command
    is interrupted, run it again to continue.

    Exit status: 0 on success, 1 if a record could not be extracted again, 2 if there is no such source.
    """
    settings = load_settings(config)
    wanted = Selection(site=_site(site), since=parse_since(since), limit=limit)
    begun = monotonic()
    tally, extractor = asyncio.run(
        _run(settings, wanted, source, everything=everything, dry_run=dry_run, samples=samples)
    )
    seconds = round(monotonic() - begun, 1)
    if json:
        show_json(_as_json(tally, extractor, dry_run=dry_run, seconds=seconds))
    else:
        _print_text(tally, extractor, dry_run=dry_run, seconds=seconds)
    raise typer.Exit(1 if tally.failed or tally.without_article else 0)


def _site(given: str | None) -> str | None:
    """Return the registrable domain of a host or URL; raises UsageError."""
    if given is None:
        return None
    try:
        address = given if "://" in given else f"http://{given}/"
        if urlsplit(address).hostname:
            return urls.site(address)
    except ValueError:
        pass
    raise UsageError(f"--site: {given!r} is not a site; write it as in news.example")


async def _run(
    settings: Settings, wanted: Selection, source: str | None, *, everything: bool, dry_run: bool, samples: int
) -> tuple[ReprocessResult, Extractor]:
    processes = len(os.sched_getaffinity(0))
    async with (
        open_database(settings, outages=OutageLog()) as database,
        make_pool(settings, processes=processes) as pool,
    ):
        job = Reprocess(
            database=database,
            archive=make_archive(settings),
            pool=pool,
            processes=processes,
            dry_run=dry_run,
            sample=samples,
        )
        if source is not None:
            async with database.read() as connection:
                wanted = replace(wanted, source_id=(await sources.find(connection, source)).id)
        extractor = await job.current_extractor()
        if not everything:
            wanted = replace(wanted, except_rules=extractor.rules)
        with progress_bar() as bar:
            task = bar.add_task("reprocess", total=None)
            tally = await run_with_refresh(
                job.run(wanted), lambda: bar.update(task, total=job.total, completed=job.result.looked_at)
            )
    return tally, extractor


def _as_json(tally: ReprocessResult, extractor: Extractor, *, dry_run: bool, seconds: float) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "extractor": asdict(extractor),
        **_counts(tally),
        "seconds": seconds,
        "fields": dict(tally.fields.most_common()),
        "shorter_texts": _in_order(tally.shorter),
        "no_article": _in_order(tally.without_article),
        "not_made_again": _in_order(tally.failed),
        "may_be_one": [{"record_id": one, "other_id": other} for one, other in sorted(tally.same_text.items())],
        "sample": [_sample(one) for one in _sorted(tally.sample)],
    }


def _counts(tally: ReprocessResult) -> dict[str, int]:
    return {
        "looked_at": tally.looked_at,
        "unchanged": tally.unchanged,
        "changed": tally.changed,
        "shorter": len(tally.shorter),
        "without_article": len(tally.without_article),
        "failed": len(tally.failed),
        "overtaken": tally.overtaken,
    }


def _in_order(found: list[ShortenedText] | list[SkippedRecord]) -> list[dict[str, Any]]:
    return sorted(map(asdict, found), key=lambda one: int(one["record_id"]))


def _sorted(sample: list[ReprocessedRevision]) -> list[ReprocessedRevision]:
    return sorted(sample, key=lambda one: one.current.record_id)


def _sample(one: ReprocessedRevision) -> dict[str, Any]:
    old, new = ({"content_hash": side.content_hash, **asdict(side.article)} for side in (one.current, one))
    fields = {name: {"old": old[name], "new": new[name]} for name in one.changed}
    return {"record_id": one.current.record_id, "uri": one.current.address, "fields": fields}


def _print_text(tally: ReprocessResult, extractor: Extractor, *, dry_run: bool, seconds: float) -> None:
    """Print the samples, the lists and the counts."""
    for one in _sorted(tally.sample):
        show(f"record {one.current.record_id}  {one.current.address or ''}  {', '.join(one.changed)}")
        show_diff(diff(one.current.article, one.article))
        show("")
    shorter = sorted(tally.shorter, key=lambda one: one.after / one.before)
    _list("texts that are shorter", ("record", "before", "after", "uri"), [
        (one.record_id, one.before, one.after, one.uri) for one in shorter
    ])  # fmt: skip
    for title, left in (("pages without an article", tally.without_article), ("records not made again", tally.failed)):
        _list(title, ("record", "reason", "uri"), sorted((one.record_id, one.reason, one.uri) for one in left))
    _list("records that may be one story", ("record", "other"), sorted(tally.same_text.items()))
    _list("fields", ("field", "changed"), tally.fields.most_common())
    note(f"{extractor.name}, rules {extractor.rules}")
    changed = "would change" if dry_run else "changed"
    counts = {changed if key == "changed" else key.replace("_", " "): value for key, value in _counts(tally).items()}
    show_table(("what", "count"), [*counts.items(), ("seconds", seconds)])


def _list(title: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    if not rows:
        return
    show(f"{title}: {len(rows)}")
    show_table(columns, rows[:_ROWS])
    if len(rows) > _ROWS:
        show(f"and {len(rows) - _ROWS} more, which --json lists")
    show("")

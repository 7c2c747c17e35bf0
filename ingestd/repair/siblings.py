"""By the sources beside it: what the others of the site, polled all through the gap, have seen of the section."""

from ingestd.model.source import Source
from ingestd.policy.polling.gap_edges import GapEdges
from ingestd.repair.method import RepairContext, RepairResult, sections
from ingestd.store.polls import sibling_sources
from ingestd.store.polls.gaps import Gap
from ingestd.store.work.entries import latest_urls
from ingestd.urls import comparable, without_userinfo

#: Of a sibling's latest entries, those among which the ends of the gap are looked for.
_LATEST = 1000


async def repair_from_siblings(tools: RepairContext, gap: Gap, source: Source) -> RepairResult:
    """Ask what is known already: whether another source that is complete in that time lists all that this one does.

    What it listed is in the database, as its own entries, so nothing is found here and nobody is asked.  Whether it
    lists all that this one does: see `policy.polling.gap_edges`.
    """
    async with tools.database.read() as connection:
        places = sections(await latest_urls(connection, source.id))
        ends = await sibling_sources.gap_ends(connection, gap)
        if not ends.suffice:
            return RepairResult(note="too few entries beside the gap to compare other feeds by")
        beside = await sibling_sources.watched_throughout(connection, gap)
        for row in beside:
            urls = await latest_urls(connection, row.id, limit=_LATEST)
            if set(sections(urls)) & set(places) and _has(urls, ends):
                return RepairResult(
                    whole=True, note=f"all of it was seen by source {row.id}, {without_userinfo(row.url)}"
                )
    if not beside:
        return RepairResult(note="no other source of the site is complete in that time")
    note = "other sources of the site, complete in that time, none of which has all entries beside the gap"
    return RepairResult(note=f"{note}: {len(beside)}")


def _has(urls: list[str], ends: GapEdges) -> bool:
    return ends.all_in({comparable(url) for url in urls})

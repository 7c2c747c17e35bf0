"""Repair a gap from other sources of the site that were polled throughout it."""

from ingestd.model.source import Source
from ingestd.policy.polling.gap_edges import GapEdges
from ingestd.repair.method import RepairContext, RepairResult, sections
from ingestd.store.polls import sibling_sources
from ingestd.store.polls.gaps import Gap
from ingestd.store.work.entries import latest_urls
from ingestd.urls import comparable, without_userinfo

#: Number of a sibling's latest entries among which the edges of the gap are searched.
_LATEST = 1000


async def repair_from_siblings(context: RepairContext, gap: Gap, source: Source) -> RepairResult:
    """Find another source of the site that has no gap in that time and lists all entries of this source.

    Its entries are in the database already, so nothing new is found and no request is sent.
    `policy.polling.gap_edges` decides whether it lists all entries of this source.
    """
    async with context.database.read() as connection:
        source_sections = sections(await latest_urls(connection, source.id))
        edges = await sibling_sources.gap_ends(connection, gap)
        if not edges.suffice:
            return RepairResult(note="too few entries at the edges of the gap to compare other feeds")
        siblings = await sibling_sources.watched_throughout(connection, gap)
        for row in siblings:
            urls = await latest_urls(connection, row.id, limit=_LATEST)
            if set(sections(urls)) & set(source_sections) and _has_edges(urls, edges):
                return RepairResult(
                    complete=True,
                    note=f"source {row.id} has listed all entries of that time: {without_userinfo(row.url)}",
                )
    if not siblings:
        return RepairResult(note="no other source of the site has been polled throughout without a gap")
    note = "other sources of the site, polled throughout without a gap, none with all entries at the edges of the gap"
    return RepairResult(note=f"{note}: {len(siblings)}")


def _has_edges(urls: list[str], edges: GapEdges) -> bool:
    return edges.all_in({comparable(url) for url in urls})

"""Repair a gap from the feed's own archive: page back to entries known before the gap (RFC 5005)."""

from ingestd.model.source import Source
from ingestd.repair.method import MAX_DOCUMENTS, RepairContext, RepairResult, origin
from ingestd.store.polls.gaps import Gap
from ingestd.store.polls.known_entries import known_entries
from ingestd.store.polls.poll_result import ListedEntry


async def repair_from_archive(context: RepairContext, gap: Gap, source: Source) -> RepairResult:
    """Read older documents (RFC 5005) from the one after the gap, until one has an entry known before the gap.

    If the documents end before that, the gap stays open.  Documents of another origin are fetched only if robots.txt
    allows it, since the operator added the feed and no other URL.
    """
    url, found = gap.older, list[ListedEntry]()
    if url is None:
        return RepairResult(note="the feed names no older entries")
    for number in range(1, MAX_DOCUMENTS + 1):
        obey = source.obeys_robots or origin(url) != origin(source.url)
        document = await context.reader.fetch(url, obey_robots=obey)
        guids = [item.entry.guid for item in document.listed_entries]
        async with context.database.read() as connection:
            known = await known_entries(connection, gap.source_id, guids)
        found += [item for item in document.listed_entries if item.entry.guid not in known]
        older = document.feed.prev_archive or document.feed.next_page
        if any(entry.first_seen_at <= gap.from_at for entry in known.values()):
            return RepairResult(
                found=tuple(found), complete=True, note=f"paged back {number} documents to known entries"
            )
        if not older or older == url or not guids:
            return RepairResult(found=tuple(found), note=f"{number} older documents did not reach known entries")
        url = older
    return RepairResult(
        found=tuple(found), note=f"{MAX_DOCUMENTS} older documents, the limit, did not reach known entries"
    )

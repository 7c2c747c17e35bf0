"""Copy documents from one archive to another, with their answers."""

from collections.abc import AsyncIterator

from ingestd.archive.protocol import Archive, StoredDocument, StoredPut
from ingestd.errors import ArchiveError

#: Answers read at once.
_BATCH = 500


async def copy_answers_apart(source: Archive, target: Archive) -> list[str]:
    """Copy what no row in the database names: versions of robots.txt files, and refusals.

    Returns the SHA-256 of each body that is missing or damaged.  Raises ArchiveError.
    """
    missing: list[str] = []
    async for document in _answers_apart(source, missing):
        await target.put_document(document)
    return missing


async def _answers_apart(source: Archive, missing: list[str]) -> AsyncIterator[StoredDocument]:
    after = 0
    while found := await source.answers_apart(after=after, limit=_BATCH):
        # In their order: a version of a robots.txt is stored only if it differs from the one before.
        for one in found:
            try:
                body = await source.get(one.sha256)
            except ArchiveError:
                missing.append(one.sha256)
                continue
            put = StoredPut(kind=one.kind, day=one.day, answer=one.answer)
            yield StoredDocument(body=body, puts=(put,))
        after = found[-1].number

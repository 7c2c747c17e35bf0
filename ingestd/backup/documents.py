"""Copy documents from one archive to another, with their answers."""

import asyncio
from collections.abc import Sequence

from ingestd.archive.protocol import AnswerApart, Archive, StoredDocument, StoredPut
from ingestd.errors import ArchiveError

#: Answers read at once, and URLs whose answers are copied at the same time.
_BATCH, _AT_ONCE = 500, 16


async def copy_answers_apart(source: Archive, target: Archive, *, is_verified: bool = False) -> list[str]:
    """Copy what no row in the database names: versions of robots.txt files, and refusals.

    Returns the SHA-256 of each body that is missing or damaged.  `is_verified`: the answers are read again.  Raises
    ArchiveError.
    """
    missing: list[str] = []
    after, slots = 0, asyncio.Semaphore(_AT_ONCE)

    async def copy(answers: Sequence[AnswerApart]) -> None:
        async with slots:
            missing.extend(await _copy(source, target, answers, is_verified=is_verified))

    while found := await source.answers_apart(after=after, limit=_BATCH):
        # Those of a URL in their order: a version of a robots.txt is stored only if it differs from the one before.
        of_urls: dict[str, list[AnswerApart]] = {}
        for one in found:
            of_urls.setdefault(one.answer.url, []).append(one)
        await asyncio.gather(*map(copy, of_urls.values()))
        after = found[-1].number
    return missing


async def _copy(source: Archive, target: Archive, answers: Sequence[AnswerApart], *, is_verified: bool) -> list[str]:
    """Copy the answers to requests for one URL; return the SHA-256 of each body that is missing or damaged."""
    missing: list[str] = []
    for one in answers:
        try:
            body = await source.get(one.sha256)
        except ArchiveError:
            missing.append(one.sha256)
            continue
        put = StoredPut(kind=one.kind, day=one.day, answer=one.answer)
        await target.put_document(StoredDocument(body=body, puts=(put,)))
    if is_verified:
        url = answers[0].answer.url
        there = {(one.sha256, one.answer.status) for one in await target.answers(url=url)}
        for one in answers:
            if one.sha256 not in missing and (one.sha256, one.answer.status) not in there:
                raise ArchiveError(f"an answer of {url} was copied and is not there; run the same command again")
    return missing

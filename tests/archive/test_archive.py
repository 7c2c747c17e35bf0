"""Contract of every archive, and of those that store what they are given."""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import zstandard

from ingestd.archive.directory import DirectoryArchive
from ingestd.archive.objects.address import ObjectAddress
from ingestd.archive.objects.archive import ObjectArchive
from ingestd.archive.off import DisabledArchive
from ingestd.archive.protocol import AnswerApart, Archive, Kind, StoredDocument, StoredPut
from ingestd.errors import ArchiveError
from ingestd.model.answer import Answer

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
URL = "https://paper.example/feed.xml"
BODY = b"<p>" + b"late edition " * 10_000


def make(kind: str, request: pytest.FixtureRequest, folder: Path) -> Archive:
    if kind == "off":
        return DisabledArchive()
    if kind == "directory":
        return DirectoryArchive(folder / "new")
    if kind == "shared directory":
        (folder / "shared").mkdir(parents=True, exist_ok=True)
        return ObjectArchive(ObjectAddress(scheme="file", prefix=f"{folder}/shared"))
    server = request.getfixturevalue("object_server")
    bucket = server.new_bucket()
    return ObjectArchive(server.address(bucket), server.key(bucket), (folder / "cache", 2**20))


@pytest.fixture(params=["directory", "shared directory", "s3", "off"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return make(request.param, request, tmp_path)


@pytest.fixture(params=["directory", "shared directory", "s3"])
def storing(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return make(request.param, request, tmp_path)


def answer(url: str = URL, **fields: object) -> Answer:
    return replace(Answer(url=url, final_url=url, status=200, fetched_at=NOON), **fields)  # type: ignore[arg-type]


def today() -> date:
    return datetime.now(UTC).date()


async def put_days_ago(
    archive: Archive, days: int, body: bytes, kind: Kind = "page", answer: Answer | None = None
) -> str:
    """Store a body as one of some days ago, and return its name."""
    put = StoredPut(kind=kind, day=today() - timedelta(days=days), answer=answer)
    await archive.put_document(StoredDocument(body=body, puts=(put,)))
    return sha256(body).hexdigest()


async def is_missing(archive: Archive, name: str) -> bool:
    with pytest.raises(ArchiveError, match="missing"):
        await archive.get(name)
    return True


@pytest.mark.parametrize("body", [b"", b"<p>late edition", bytes(range(256)) * 1000], ids=["empty", "short", "binary"])
async def test_a_body_is_named_by_the_hash_of_its_bytes(archive: Archive, body: bytes) -> None:
    stored = await archive.put(body)

    assert stored.sha256 == sha256(body).hexdigest()
    assert stored.size == len(body)
    assert await archive.put(body) == stored


@pytest.mark.parametrize("name", ["ab" * 32, "AB" * 32, "", "../../../etc/passwd"])
async def test_a_body_that_was_never_put_raises_archive_error(archive: Archive, name: str) -> None:
    with pytest.raises(ArchiveError):
        await archive.get(name)


async def test_a_new_archive_has_nothing_to_sweep_to_show_or_to_delete(archive: Archive) -> None:
    assert await archive.sweep(NOON) == 0
    assert await archive.trim(1) == 0
    assert await archive.delete(["ab" * 32]) == 0
    assert await archive.erase(["ab" * 32], [URL]) == 0
    assert await archive.delete_before("feed", NOON.date()) == 0
    assert list(await archive.answers(url=URL)) == []
    assert list(await archive.answers_apart(after=0, limit=10)) == []
    assert list(await archive.names(after="", limit=10)) == []
    assert await archive.find(["item 1"]) == set()
    assert {one.kind for one in await archive.usage()} <= {"index"}


async def test_get_returns_a_body_exactly_as_put(storing: Archive) -> None:
    stored = await storing.put(BODY)

    assert await storing.get(stored.sha256) == BODY
    assert await storing.get(stored.sha256) == BODY
    assert 0 < stored.stored_size < stored.size == len(BODY)


async def test_the_same_body_put_concurrently_is_stored_once(storing: Archive) -> None:
    stored = await asyncio.gather(*(storing.put(BODY) for _ in range(20)))

    assert len(set(stored)) == 1
    assert [one.documents for one in await storing.usage() if one.kind == "page"] == [1]
    assert await storing.get(stored[0].sha256) == BODY


async def test_answers_come_back_by_body_and_by_url(storing: Archive) -> None:
    headers = (("Content-Type", "text/html"), ("tdm-reservation", "1"), ("X-Odd", "\udcff"))
    first = answer(final_url=f"{URL}?2", reason="OK", headers=headers)
    second = answer(fetched_at=NOON + timedelta(hours=1))

    stored = [await storing.put(BODY, "feed", one) for one in (first, second, second)]

    assert len(set(stored)) == 1
    found = await storing.answers(url=URL)
    assert [one.answer for one in found] == [first, second]
    assert await storing.answers(sha256=stored[0].sha256) == found
    assert list(await storing.answers(url="https://paper.example/")) == []


async def test_a_robots_txt_has_a_history_of_its_changes(storing: Archive) -> None:
    url = "https://paper.example/robots.txt"
    for day, (status, content) in enumerate([(200, b"a"), (200, b"a"), (404, b""), (200, b"a"), (200, b"b")]):
        await storing.put(content, "robots", answer(url, status=status, fetched_at=NOON + timedelta(days=day)))

    found = await storing.answers(url=url)

    assert [(one.answer.fetched_at.day, one.answer.status, await storing.get(one.sha256)) for one in found] == [
        (1, 200, b"a"), (3, 404, b""), (4, 200, b"a"), (5, 200, b"b"),
    ]  # fmt: skip
    assert next(one.documents for one in await storing.usage() if one.kind == "robots") in (3, 4)


async def test_delete_deletes_the_bytes_and_the_answers(storing: Archive) -> None:
    secret = await storing.put(os.urandom(20_000), "page", answer())
    other = await storing.put(b"other", "page")

    assert await storing.delete([secret.sha256, "ab" * 32]) == 1

    assert list(await storing.answers(url=URL)) == []
    assert await storing.get(other.sha256) == b"other"
    assert await is_missing(storing, secret.sha256)
    assert await storing.delete([secret.sha256]) == 0


async def test_delete_keeps_what_was_put_lately(storing: Archive) -> None:
    old = await put_days_ago(storing, 10, b"old")
    again = await put_days_ago(storing, 10, b"again")
    await storing.put(b"again")

    assert await storing.delete([old, again], put_before=today() - timedelta(days=2)) == 1

    assert await is_missing(storing, old)
    assert await storing.get(again) == b"again"


async def test_days_before_are_deleted_except_what_was_put_again(storing: Archive) -> None:
    old = await put_days_ago(storing, 10, b"old", "feed", answer())
    again = await put_days_ago(storing, 10, b"again", "feed")
    page = await put_days_ago(storing, 10, b"page")
    kept = await put_days_ago(storing, 7, b"kept", "feed")
    await storing.put(b"again", "feed")

    assert await storing.delete_before("feed", today() - timedelta(days=7)) == 1

    assert [await storing.get(name) for name in (again, page, kept)] == [b"again", b"page", b"kept"]
    assert list(await storing.answers(url=URL)) == []
    assert await is_missing(storing, old)
    assert await storing.delete_before("feed", today() - timedelta(days=7)) == 0
    assert await storing.delete_before("feed", today() + timedelta(days=1)) == 2


async def test_trim_deletes_feeds_then_pages_and_nothing_else(storing: Archive) -> None:
    kinds: tuple[Kind, ...] = ("robots", "wire", "page", "feed")
    stored = {kind: await storing.put(os.urandom(400_000), kind) for kind in kinds}
    size = sum(usage.size for usage in await storing.usage())
    left = []

    for limit in (size, size - 1, size - 500_000, 0):
        await storing.trim(limit)
        left.append({usage.kind for usage in await storing.usage()} - {"index"})

    assert left == [{*kinds}, {"robots", "wire", "page"}, {"robots", "wire"}, {"robots", "wire"}]
    assert len(await storing.get(stored["wire"].sha256)) == 400_000
    assert await is_missing(storing, stored["feed"].sha256)


async def test_usage_counts_documents_and_bytes(storing: Archive) -> None:
    stored = [await storing.put(os.urandom(100_000), "page") for _ in range(4)]
    await storing.delete([stored[0].sha256])
    await put_days_ago(storing, 10, os.urandom(50_000))

    [found] = [usage for usage in await storing.usage() if usage.kind == "page"]

    assert (found.documents, found.documents_a_day) == (4, 3)
    assert 350_000 <= found.size <= 390_000
    assert 300_000 <= found.size_a_day <= 330_000


async def test_a_robots_txt_outlives_a_page_with_the_same_bytes(storing: Archive) -> None:
    url = "https://paper.example/robots.txt"
    for content in (b"<html>the same page everywhere", b""):
        page = await storing.put(content, "page", answer())
        robots = await storing.put(content, "robots", answer(url))
        await storing.put(content, "page")

        await storing.delete([page.sha256])

        assert page.sha256 == robots.sha256
        assert await storing.get(robots.sha256) == content
        assert list(await storing.answers(url=URL)) == []
        assert (await storing.answers(url=url))[-1].sha256 == robots.sha256


async def test_refusals_expire_by_their_own_day(storing: Archive) -> None:
    for days, path in ((40, "old"), (1, "new")):
        await put_days_ago(storing, days, b"", "refused", answer(f"https://paper.example/{path}", status=404))

    await storing.delete_before("refused", today() - timedelta(days=30))

    assert list(await storing.answers(url="https://paper.example/old")) == []
    assert [one.answer.status for one in await storing.answers(url="https://paper.example/new")] == [404]


async def test_answers_apart_are_read_in_parts_in_their_order(storing: Archive) -> None:
    for number in range(5):
        kind: Kind = "robots" if number % 2 else "refused"
        url = f"https://paper.example/{number}"
        await storing.put(b"" if number != 3 else b"User-agent: *", kind, answer(url, status=404 + number))
    await storing.put(b"page", "page", answer())

    found: list[AnswerApart] = []
    after = 0
    while some := await storing.answers_apart(after=after, limit=2):
        found += some
        after = some[-1].number

    assert [(one.answer.status, one.kind) for one in found] == [
        (404, "refused"), (405, "robots"), (406, "refused"), (407, "robots"), (408, "refused"),
    ]  # fmt: skip
    assert await storing.get(found[3].sha256) == b"User-agent: *"


async def test_bodies_are_found_by_subject_and_day(storing: Archive) -> None:
    one = await storing.put(b"one", "feed", answer(), ["source 1", "site a"])
    two = await storing.put(b"two", "page", None, ["source 1"])
    bare = await storing.put(b"bare")

    assert await storing.find(["source 1"]) == {one.sha256, two.sha256}
    assert await storing.find(["site a", "site b"]) == {one.sha256}
    assert await storing.find(["source 1"], since=today() + timedelta(days=1)) == set()
    assert await storing.with_subjects([one.sha256, bare.sha256, "ab" * 32]) == {one.sha256}
    await storing.delete([one.sha256])
    assert await storing.find(["source 1"]) == {two.sha256}


async def test_erase_takes_robots_and_refusals_and_answers_to_urls(storing: Archive) -> None:
    page = await storing.put(b"the page", "page", answer(), ["item 1"])
    await storing.put(b"the page", "robots", answer("https://paper.example/robots.txt"))
    other = await storing.put(b"other", "page", answer("https://paper.example/other"))

    assert await storing.erase([page.sha256], ["https://paper.example/other"]) == 1

    assert await is_missing(storing, page.sha256)
    for url in (URL, "https://paper.example/robots.txt", "https://paper.example/other"):
        assert list(await storing.answers(url=url)) == []
    assert await storing.find(["item 1"]) == set()
    assert await storing.get(other.sha256) == b"other"
    assert await storing.erase([page.sha256]) == 0


async def test_names_are_listed_in_order_and_in_parts(storing: Archive) -> None:
    names = sorted([(await storing.put(f"{number}".encode())).sha256 for number in range(7)])

    found: list[str] = []
    after = ""
    while some := await storing.names(after=after, limit=3):
        found += some
        after = some[-1]

    assert found == names


@pytest.mark.parametrize("to", ["directory", "shared directory", "s3"])
async def test_a_document_is_the_same_in_another_archive(
    storing: Archive, to: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    target = make(to, request, tmp_path / "target")
    old = today() - timedelta(days=20)
    puts = (
        StoredPut(kind="page", day=old, subjects=(b"s" * 16,)),
        StoredPut(kind="page", day=old, answer=answer()),
        StoredPut(kind="page", day=today(), answer=answer(fetched_at=NOON + timedelta(days=1))),
    )
    await storing.put_document(StoredDocument(body=BODY, puts=puts))
    name = sha256(BODY).hexdigest()

    for _ in range(2):
        await target.put_document(await storing.document(name))

    assert await target.get(name) == BODY
    assert await target.answers(sha256=name) == await storing.answers(sha256=name)
    assert [one.answer.fetched_at.day for one in await target.answers(url=URL)] == [1, 2]
    assert await target.with_subjects([name]) == {name}
    assert await target.delete_before("page", today()) == 0
    assert await target.delete_before("page", today() + timedelta(days=1)) == 1


async def test_a_body_that_is_compressed_already_is_stored_as_it_is(storing: Archive) -> None:
    frame = zstandard.ZstdCompressor(level=19).compress(BODY)

    stored = await storing.put(BODY, frame=frame)

    assert await storing.get(stored.sha256) == BODY
    assert stored.stored_size - len(frame) in (0, 52)  # a pack has a header for each


async def test_a_frame_of_other_bytes_is_found_out(storing: Archive) -> None:
    stored = await storing.put(BODY, frame=zstandard.ZstdCompressor().compress(BODY[:-1] + b"!"))

    with pytest.raises(ArchiveError, match="damaged"):
        await storing.get(stored.sha256)

"""The archive in an object store: what the contract of every archive does not say."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ingestd.archive.objects.address import ObjectAddress, ObjectKey
from ingestd.archive.objects.archive import ObjectArchive
from ingestd.archive.objects.client import ObjectClient
from ingestd.errors import ArchiveError
from tests.archive.test_archive import BODY, URL, answer, put_days_ago, today
from tests.archive.test_directory import ROOT, body
from tests.support.object_store import KEY_ID, SECRET, ObjectServer

# Stores bodies from a number on, ten at once, and prints the number of each when it is stored.
PUT_UNTIL_KILLED = """
import asyncio, sys
from ingestd.archive.objects.address import ObjectAddress, ObjectKey
from ingestd.archive.objects.archive import ObjectArchive
from tests.archive.test_directory import body

async def put(archive, number):
    await archive.put(body(number), "feed", None, ["source 1"])
    print(number, flush=True)

async def main():
    address = ObjectAddress.parse(sys.argv[1])
    archive = ObjectArchive(address, ObjectKey.parse(sys.argv[2]) if sys.argv[2] else None)
    for start in range(int(sys.argv[3]), 10**9, 10):
        await asyncio.gather(*(put(archive, number) for number in range(start, start + 10)))

asyncio.run(main())
"""


@pytest.fixture
def bucket(object_server: ObjectServer) -> str:
    return object_server.new_bucket()


@pytest.fixture
def archive(object_server: ObjectServer, bucket: str) -> ObjectArchive:
    return ObjectArchive(object_server.address(bucket), object_server.key(bucket))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def contents(objects: dict[str, bytes]) -> bytes:
    """Return the names and contents of objects, decompressed where they are compressed."""
    found = []
    for name, content in objects.items():
        found += [name.encode(), content]
        with suppress(zstandard.ZstdError):
            found.append(zstandard.ZstdDecompressor().decompressobj().decompress(content))
    return b"\n".join(found)


async def test_a_body_is_an_object_that_other_programs_read(
    archive: ObjectArchive, object_server: ObjectServer, bucket: str
) -> None:
    stored = await archive.put(BODY, "page", answer(), ["item 1"])

    objects = object_server.objects(bucket)

    frame = objects[f"raw/archive/bodies/{stored.sha256}"]
    assert len(frame) == stored.stored_size
    assert zstandard.ZstdDecompressor().decompressobj().decompress(frame) == BODY
    assert sorted(name.split("/")[2] for name in objects) == ["answers", "bodies", "days", "puts", "subjects"]


async def test_a_stored_body_is_not_written_again(
    archive: ObjectArchive, object_server: ObjectServer, bucket: str
) -> None:
    await archive.put(BODY, "page", answer(), ["item 1"])
    before = object_server.objects(bucket)

    await archive.put(BODY, "page", answer(), ["item 1"])

    assert object_server.objects(bucket) == before


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:0], id="empty"),
        pytest.param(lambda data: bytes(len(data)), id="zeros"),
        pytest.param(lambda data: data[:-10], id="cut off"),
        pytest.param(lambda data: data[:90] + bytes([data[90] ^ 1]) + data[91:], id="one bit"),
    ],
)
async def test_a_damaged_object_is_found_out(
    archive: ObjectArchive, object_server: ObjectServer, bucket: str, damage: Callable[[bytes], bytes]
) -> None:
    stored = await archive.put(os.urandom(1000), "page", answer())
    for name, data in object_server.objects(bucket).items():
        if "/bodies/" in name or "/answers/" in name:
            object_server.client().put_object(Bucket=bucket, Key=name, Body=damage(data))

    with pytest.raises(ArchiveError, match=f"damaged: s3://{bucket}/raw/archive/bodies/{stored.sha256}"):
        await archive.get(stored.sha256)
    with pytest.raises(ArchiveError, match=f"damaged: s3://{bucket}/raw/archive/answers/"):
        await archive.answers(url=URL)


async def test_nothing_is_left_of_what_was_erased(
    archive: ObjectArchive, object_server: ObjectServer, bucket: str
) -> None:
    secret = "https://paper.example/secret"
    headers = (("X-Secret", "classified"),)
    page = await archive.put(b"<p>classified", "page", answer(secret, headers=headers), ["item 1"])
    await archive.put(b"<p>classified", "robots", answer(secret, headers=headers))
    await archive.put(b"", "refused", answer(secret, status=404, headers=headers))
    await archive.put(b"kept", "page", answer())
    assert b"classified" in contents(object_server.objects(bucket))

    await archive.erase([page.sha256], [secret])

    left = contents(object_server.objects(bucket))
    assert b"classified" not in left
    assert b"secret" not in left
    assert b"kept" in left


async def test_a_bucket_that_is_not_there(object_server: ObjectServer) -> None:
    archive = ObjectArchive(object_server.address("no-such-bucket"), object_server.key("no-such-bucket"))

    for call in (archive.put(BODY), archive.check(), archive.usage(), archive.get("ab" * 32)):
        with pytest.raises(ArchiveError, match="s3://no-such-bucket/raw/archive: there is no bucket no-such-bucket"):
            await call

    assert archive.failing_since
    assert archive.failure.endswith("create it, or correct the address")


async def test_a_key_that_is_refused(object_server: ObjectServer, bucket: str) -> None:
    archive = ObjectArchive(object_server.address(bucket), object_server.key(bucket))
    object_server.deny_unknown_keys(0)
    try:
        for call in (archive.put(BODY), archive.check(), archive.get("ab" * 32)):
            with pytest.raises(ArchiveError, match=r"access denied.*; check archive_keys") as caught:
                await call
            assert SECRET not in str(caught.value)
            assert KEY_ID not in str(caught.value)
            assert "\n" not in str(caught.value)
    finally:
        object_server.deny_unknown_keys(-1)
    assert archive.failing_since

    await archive.put(BODY)

    assert archive.failing_since is None


async def test_a_server_that_is_away() -> None:
    address = ObjectAddress(scheme="s3", bucket="news", endpoint="http://127.0.0.1:9", region="us-east-1")

    with pytest.raises(ArchiveError, match="cannot list s3://news: it cannot be reached; check the endpoint"):
        await ObjectArchive(address, ObjectKey(scheme="s3", bucket="news", name="id", secret="secret")).check()


async def test_a_service_account_without_its_file(tmp_path: Path) -> None:
    key = ObjectKey.parse(f"gs://news {tmp_path}/key.json")

    with pytest.raises(ArchiveError, match=f"there is no file {tmp_path}/key.json; correct archive_keys"):
        await ObjectArchive(ObjectAddress.parse("gs://news/raw"), key).check()


async def test_a_shared_directory_that_is_not_mounted(tmp_path: Path) -> None:
    archive = ObjectArchive(ObjectAddress(scheme="file", prefix=f"{tmp_path}/mnt"))

    with pytest.raises(ArchiveError, match="there is no such directory; create it, or mount it"):
        await archive.check()
    with pytest.raises(ArchiveError, match=f"file://{tmp_path}/mnt"):
        await archive.put(BODY)
    assert not (tmp_path / "mnt").exists()


@pytest.mark.parametrize("place", ["s3", "file"])
def test_what_was_acknowledged_is_there_after_kills_and_with_other_writers(
    object_server: ObjectServer, bucket: str, tmp_path: Path, place: str
) -> None:
    (tmp_path / "shared").mkdir()
    key = f"s3://{bucket} {KEY_ID} {SECRET}" if place == "s3" else ""
    address = (
        object_server.address(bucket) if place == "s3" else ObjectAddress(scheme="file", prefix=f"{tmp_path}/shared")
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", PUT_UNTIL_KILLED, str(address), key, str(first)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        for first in (0, 5, 1_000_000)
    ]  # fmt: skip
    acknowledged: set[int] = set()
    for writer in writers:
        assert writer.stdout
        acknowledged.update(int(writer.stdout.readline()) for _ in range(30))
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
    for writer in writers:
        assert writer.stdout
        acknowledged.update(int(line) for line in writer.stdout.read().splitlines() if line)
        writer.wait(10)
        writer.stdout.close()

    async def check() -> None:
        archive = ObjectArchive(address, object_server.key(bucket) if place == "s3" else None)
        names = {sha256(body(number)).hexdigest(): number for number in acknowledged}
        assert [await archive.get(name) == body(number) for name, number in names.items()]
        # What the kills left unfinished has its subject and its day, so it can be found and deleted.
        assert set(await archive.names(after="", limit=100_000)) <= await archive.find(["source 1"])
        await archive.delete_before("feed", today() + timedelta(days=1))
        assert list(await archive.names(after="", limit=1)) == []
        assert await archive.find(["source 1"]) == set()
        assert list(await archive.usage()) == []

    asyncio.run(check())
    assert len(acknowledged) >= 60


class _FailingClient(ObjectClient):
    """A client that the store refuses once, at one of the objects to create."""

    refused_at = 0

    async def create(self, name: str, content: bytes) -> bool:
        self.refused_at -= 1
        if self.refused_at == 0:
            raise ArchiveError("refused")
        return await super().create(name, content)


@pytest.mark.parametrize("step", range(1, 6))
async def test_a_put_that_fails_at_any_object_is_completed_by_the_next_one(
    archive: ObjectArchive, object_server: ObjectServer, bucket: str, step: int
) -> None:
    failing = ObjectArchive(object_server.address(bucket), object_server.key(bucket))
    client = _FailingClient(object_server.address(bucket), object_server.key(bucket))
    client.refused_at = step
    failing._writer._client = client

    with pytest.raises(ArchiveError, match="refused"):
        await failing.put(BODY, "page", answer(), ["item 1"])
    assert failing.failing_since
    left = await archive.names(after="", limit=10)
    assert set(left) <= await archive.find(["item 1"])  # an erasure finds what is there
    await archive.put(BODY, "page", answer(), ["item 1"])

    name = sha256(BODY).hexdigest()
    assert await archive.get(name) == BODY
    assert len(await archive.answers(url=URL)) == len(await archive.answers(sha256=name)) == 1
    assert await archive.find(["item 1"]) == {name}
    assert await archive.delete([name]) == 1
    assert {one.split("/")[2] for one in object_server.objects(bucket)} <= {"days"}


async def test_a_body_that_is_put_while_it_is_deleted_is_kept(archive: ObjectArchive) -> None:
    name = await put_days_ago(archive, 10, BODY)
    deletion, puts = archive._deletion, list[asyncio.Task[Any]]()
    delete = deletion._client.delete

    async def put_before_delete(names: Any, **options: Any) -> None:
        if not puts:
            puts.append(asyncio.create_task(archive.put(BODY)))
            # The put has found the body, and waits until the deletion has ended.
            while not any(f"{today()}" in put for put in await archive._client.names(f"puts/{name}/")):
                pass
        await delete(names, **options)

    deletion._client.delete = put_before_delete  # type: ignore[method-assign]
    await archive.delete([name], put_before=today() - timedelta(days=2))
    await asyncio.gather(*puts)

    assert puts
    assert await archive.get(name) == BODY


async def test_lists_are_merged_and_say_the_same(
    archive: ObjectArchive, object_server: ObjectServer, bucket: str
) -> None:
    stored = [await archive.put(os.urandom(100), "page", answer(f"{URL}?{n}")) for n in range(20)]
    for number in range(20):
        await archive.put(f"{number}".encode(), "robots", answer(f"https://{number}.example/robots.txt"))
    await archive.delete([stored[0].sha256])
    before, apart = await archive.usage(), await archive.answers_apart(after=0, limit=50)

    await asyncio.gather(*(archive.sweep(datetime.now(UTC) + timedelta(hours=2)) for _ in range(3)))
    await archive.sweep(datetime.now(UTC) + timedelta(hours=2))

    assert await archive.usage() == before
    assert len([name for name in object_server.objects(bucket) if "/days/" in name]) <= 4
    again = await archive.answers_apart(after=0, limit=50)
    assert [one.answer.url for one in again] == [one.answer.url for one in apart]
    assert await archive.delete_before("page", today() + timedelta(days=1)) == 19
    assert [one.kind for one in await archive.usage()] == ["robots"]


async def test_what_was_read_is_cached_until_any_node_erases_it(
    object_server: ObjectServer, bucket: str, tmp_path: Path
) -> None:
    here, there = (
        ObjectArchive(object_server.address(bucket), object_server.key(bucket), (tmp_path / node, 2**20))
        for node in ("here", "there")
    )
    stored = await there.put(BODY, "page")
    await here.get(stored.sha256)
    object_server.client().delete_object(Bucket=bucket, Key=f"raw/archive/bodies/{stored.sha256}")
    assert await here.get(stored.sha256) == BODY  # from the cache

    await there.erase([stored.sha256])
    here._looked_for_erased = float("-inf")  # a minute later

    with pytest.raises(ArchiveError, match="missing"):
        await here.get(stored.sha256)
    assert not files_in(tmp_path / "here")


async def test_a_damaged_file_of_the_cache_is_read_from_the_store(
    object_server: ObjectServer, bucket: str, tmp_path: Path
) -> None:
    archive = ObjectArchive(object_server.address(bucket), object_server.key(bucket), (tmp_path, 2**20))
    stored = await archive.put(BODY)
    await archive.get(stored.sha256)
    [path] = files_in(tmp_path)
    path.write_bytes(b"damaged")

    assert await archive.get(stored.sha256) == BODY


async def test_the_cache_is_bounded(object_server: ObjectServer, bucket: str, tmp_path: Path) -> None:
    archive = ObjectArchive(object_server.address(bucket), object_server.key(bucket), (tmp_path, 100_000))
    stored = [await archive.put(os.urandom(10_000)) for _ in range(20)]

    for one in stored:
        await archive.get(one.sha256)

    files = files_in(tmp_path)
    assert 50_000 < sum(path.stat().st_size for path in files) <= 100_000
    assert stored[-1].sha256 in {path.name for path in files}


async def test_two_nodes_that_trim_at_the_same_time_delete_no_more_than_one(
    archive: ObjectArchive, object_server: ObjectServer, bucket: str
) -> None:
    other = ObjectArchive(object_server.address(bucket), object_server.key(bucket))
    for _ in range(9):
        await put_days_ago(archive, 5, os.urandom(10_000), "feed")
    size = sum(one.size for one in await archive.usage())

    of_day, days_listed = other._lists.of_day, list[str]()

    async def trimmed_meanwhile(kind: str, day: str) -> Any:
        lists = await of_day(kind, day)
        if not days_listed:
            await archive.trim(size - 15_000)
        days_listed.append(day)
        return lists

    other._lists.of_day = trimmed_meanwhile  # type: ignore[method-assign]
    await other.trim(size - 15_000)

    assert [one.documents for one in await archive.usage()] == [7]


async def test_a_file_that_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    archive = ObjectArchive(ObjectAddress(scheme="file", prefix=str(tmp_path)))
    stored = await archive.put(BODY)
    partial = tmp_path / "bodies" / f"{'ab' * 32}#1"
    partial.write_bytes(b"half a body")
    os.utime(partial, (0, 0))

    assert list(await archive.names(after="", limit=10)) == [stored.sha256]
    assert await archive.sweep(datetime.now(UTC)) == 1
    assert not partial.exists()
    assert await archive.get(stored.sha256) == BODY

"""Consumers of the kind `files`, in a directory and on real FTP, FTPS and SFTP servers."""

import asyncio
import os
import resource
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError

from ingestd.delivery.kinds.files import KIND
from ingestd.delivery.kinds.files.names import file_name
from ingestd.delivery.kinds.kind import Rendered, Sender
from ingestd.errors import EndpointDown, EndpointGone
from ingestd.formats import parse
from ingestd.model.article import Article
from ingestd.model.item import Item
from ingestd.model.message import Message
from ingestd.model.record import Record
from ingestd.settings import Settings
from ingestd.web.fetcher import Fetcher
from tests.delivery.kinds.contract import make_message, opened
from tests.drops.scripted_ftp import Answer, scripted_ftp
from tests.support import drop_folders
from tests.support.drop_folders import DROP_FOLDERS, HERE, PASSWORD, USER, DropFolder
from tests.support.dropping import names

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@pytest.fixture(params=DROP_FOLDERS)
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DropFolder]:
    with DROP_FOLDERS[request.param](tmp_path / "root") as wire:
        yield wire


@pytest.fixture
def local(tmp_path: Path) -> Iterator[DropFolder]:
    with DROP_FOLDERS["local"](tmp_path / "root") as wire:
        yield wire


@asynccontextmanager
async def writing_to(wire: DropFolder, fetcher: Fetcher, **settings: Any) -> AsyncIterator[Sender]:
    operator = Settings.model_validate(wire.settings)
    async with opened(KIND, {"folder": wire.url, **settings}, fetcher, operator) as sender:
        yield sender


def published(seq: int, headline: str = "Ice closes the harbour", *, kind: Any = "new") -> Rendered:
    """Return a message about a record with its text."""
    message = make_message(seq, record=7)
    record = Record(
        id=7,
        guid=message.event.guid,
        revision=seq,
        pubstatus="usable",
        article=Article(headline=headline, body_text="One.\n\nTwo.", versioncreated=NOW),
        content_hash="",
        seen_at=NOW,
        id_origin="source",
        item=Item(guid=message.event.guid),
    )
    return rendered(replace(message, record=record, event=replace(message.event, kind=kind)))


def killed(seq: int, status: str = "canceled") -> Rendered:
    message = make_message(seq, record=7)
    kind: Any = "withheld" if status == "withheld" else "killed"
    event = replace(message.event, kind=kind, pubstatus=status, headline=None, uri=None)
    return rendered(replace(message, event=event))


def rendered(message: Message) -> Rendered:
    return Rendered(message=message, body=b'{"thin": true}', media_type="application/json")


def item_in(path: Path) -> Item:
    (entry,) = parse(path.read_bytes(), url="https://harbour.example/").entries
    assert entry.item
    return entry.item


async def test_each_version_is_a_file_and_a_kill_is_one(wire: DropFolder, fetcher: Fetcher) -> None:
    async with writing_to(wire, fetcher) as sender:
        for one in (published(1), published(2, "Ice opens", kind="corrected"), killed(3)):
            await sender.send(one)

    files = sorted(names(wire.path))
    assert files == [
        "000000000001-new-tag-example.org-2026-7.json",
        "000000000002-corrected-tag-example.org-2026-7.json",
        "000000000003-killed-tag-example.org-2026-7.json",
    ]
    items = [item_in(wire.path / name) for name in files]
    assert [item.headline for item in items] == ["Ice closes the harbour", "Ice opens", None]
    assert [item.pubstatus for item in items] == ["usable", "usable", "canceled"]


async def test_a_message_that_is_sent_again_replaces_its_file(wire: DropFolder, fetcher: Fetcher) -> None:
    async with writing_to(wire, fetcher) as sender:
        await sender.send(published(1, "Half"))
        await sender.send(published(1, "Whole"))

    [name] = names(wire.path)
    assert item_in(wire.path / name).headline == "Whole"


async def test_what_is_left_of_an_interrupted_write_is_replaced(wire: DropFolder, fetcher: Fetcher) -> None:
    name = file_name(published(1).message.event, "json")
    (wire.path / f".{name}.tmp").write_bytes(b"half of something longer than the whole file" * 1000)

    async with writing_to(wire, fetcher) as sender:
        await sender.send(published(1))

    assert names(wire.path) == {name}
    assert item_in(wire.path / name).headline == "Ice closes the harbour"


async def test_a_missing_folder_is_awaited_and_not_created(wire: DropFolder, fetcher: Fetcher) -> None:
    wire.path.rmdir()

    async with writing_to(wire, fetcher) as sender:
        with pytest.raises(EndpointDown, match="cannot open the folder") as caught:
            await sender.send(published(1))
        assert not wire.path.exists()
        assert PASSWORD not in str(caught.value)
        wire.path.mkdir()
        await sender.send(published(1))

    assert len(names(wire.path)) == 1


@pytest.mark.parametrize("name", ["ftp", "ftps", "sftp"])
async def test_a_server_that_is_absent_is_awaited(name: str, tmp_path: Path, fetcher: Fetcher) -> None:
    with DROP_FOLDERS[name](tmp_path / "root") as wire:
        writing = writing_to(wire, fetcher)
        sender = await writing.__aenter__()
        await sender.send(published(1))

    with pytest.raises(EndpointDown):
        await sender.send(published(2))
    await writing.__aexit__(None, None, None)


async def test_a_connection_that_the_server_has_ended_is_opened_again(tmp_path: Path, fetcher: Fetcher) -> None:
    with drop_folders.ftp(tmp_path / "root") as wire:
        writing = writing_to(wire, fetcher)
        sender = await writing.__aenter__()
        await sender.send(published(1))
    port = urlsplit(wire.url).port or 0

    with drop_folders.ftp(tmp_path / "again", port) as wire:
        await sender.send(published(2))
        assert len(names(wire.path)) == 1
        await writing.__aexit__(None, None, None)


def test_files_are_written_side_by_side_on_this_host_alone(wire: DropFolder) -> None:
    assert callable(KIND.concurrency)
    most = KIND.concurrency(KIND.settings.model_validate({"folder": wire.url}))

    assert most == (16 if wire.url.startswith("file:") else 1)


async def test_messages_that_are_sent_at_the_same_time_are_all_written(local: DropFolder, fetcher: Fetcher) -> None:
    async with writing_to(local, fetcher) as sender:
        await asyncio.gather(*(sender.send(published(seq, f"Version {seq}")) for seq in range(1, 17)))

    headlines = [item_in(local.path / name).headline for name in sorted(names(local.path))]
    assert headlines == [f"Version {seq}" for seq in range(1, 17)]


async def test_a_disk_that_does_not_answer_holds_up_its_consumer_only(local: DropFolder, fetcher: Fetcher) -> None:
    pipes = [local.path / f".{file_name(published(seq).message.event, 'json')}.tmp" for seq in range(1, 9)]
    for pipe in pipes:
        os.mkfifo(pipe)  # whoever opens it to write waits for a reader
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))

    async with writing_to(local, fetcher) as sender, asyncio.TaskGroup() as tasks:
        sends = [tasks.create_task(_refusal_of(sender, published(seq))) for seq in range(1, 9)]
        await asyncio.sleep(0)  # let them begin
        try:
            async with asyncio.timeout(30):
                assert await asyncio.to_thread(names, local.path) == {pipe.name for pipe in pipes}
        finally:
            readers = [os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) for pipe in pipes]

    assert all("cannot write" in send.result() for send in sends)  # a pipe cannot be synchronised with a disk
    for reader in readers:
        os.close(reader)


async def _refusal_of(sender: Sender, message: Rendered) -> str:
    with pytest.raises(EndpointDown) as caught:
        await sender.send(message)
    return str(caught.value)


@pytest.mark.parametrize("name", ["nitf", "newsml-g2"])
async def test_files_of_xml_formats_are_read_back(name: str, local: DropFolder, fetcher: Fetcher) -> None:
    async with writing_to(local, fetcher, format=name) as sender:
        await sender.send(published(1))
        await sender.send(killed(2, "withheld"))

    first, second = (item_in(local.path / file) for file in sorted(names(local.path)))
    assert all(file.endswith(".xml") for file in names(local.path))
    assert (first.guid, first.headline, first.body_text) == (
        "tag:example.org,2026:7",
        "Ice closes the harbour",
        "One.\n\nTwo.",
    )
    assert (second.guid, second.pubstatus, second.body_text) == (first.guid, "withheld", None)


async def test_events_that_change_no_content_make_no_file_of_a_news_format(local: DropFolder, fetcher: Fetcher) -> None:
    async with writing_to(local, fetcher) as sender:
        await sender.send(published(1, kind="joined"))
    assert names(local.path) == set()

    async with writing_to(local, fetcher, format="message") as sender:
        await sender.send(published(1, kind="joined"))
    [name] = names(local.path)
    assert (local.path / name).read_bytes() == b'{"thin": true}'


async def test_a_form_without_records_never_passes_for_a_kill(local: DropFolder, fetcher: Fetcher) -> None:
    async with writing_to(local, fetcher) as sender:
        with pytest.raises(EndpointGone, match="set the form to full"):
            await sender.send(rendered(make_message(1, record=7)))

    assert names(local.path) == set()


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let the system refuse to write files that are longer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_leaves_nothing_behind_and_says_so(local: DropFolder, fetcher: Fetcher) -> None:
    async with writing_to(local, fetcher) as sender:
        with files_up_to(100), pytest.raises(EndpointDown, match=r"cannot write 0+1-new.*: File too large"):
            await sender.send(published(1))
        assert names(local.path) == set()
        await sender.send(published(1))

    assert len(names(local.path)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_without_permission_says_so(local: DropFolder, fetcher: Fetcher) -> None:
    local.path.chmod(0o500)

    async with writing_to(local, fetcher) as sender:
        with pytest.raises(EndpointDown, match="Permission denied"):
            await sender.send(published(1))


async def test_files_are_as_accessible_as_the_folder(local: DropFolder, fetcher: Fetcher) -> None:
    local.path.chmod(0o770)

    async with writing_to(local, fetcher) as sender:
        await sender.send(published(1))

    [name] = names(local.path)
    assert (local.path / name).stat().st_mode & 0o777 == 0o660


async def test_a_link_in_place_of_the_temporary_file_is_not_followed(local: DropFolder, fetcher: Fetcher) -> None:
    other = local.root / "other"
    other.write_text("kept")
    (local.path / f".{file_name(published(1).message.event, 'json')}.tmp").symlink_to(other)

    async with writing_to(local, fetcher) as sender:
        with pytest.raises(EndpointDown, match="cannot write"):
            await sender.send(published(1))
        await sender.send(published(1))

    assert other.read_text() == "kept"


@pytest.mark.parametrize(
    ("guid", "name"),
    [
        ("urn:newsml:hn.example:20261128:7", "000000000042-new-urn-newsml-hn.example-20261128-7.xml"),
        ("../../etc/passwd", "000000000042-new-etc-passwd.xml"),
        ("日本", "000000000042-new-item.xml"),
        ("a\0b\nc", "000000000042-new-a-b-c.xml"),
        ("x" * 3000, f"000000000042-new-{'x' * 80}.xml"),
    ],
    ids=["urn", "path", "no letters of a name", "controls", "long"],
)
def test_names_are_safe_and_bounded(guid: str, name: str) -> None:
    event = make_message(42, record=7).event

    assert file_name(replace(event, guid=guid, kind="new"), "xml") == name


@pytest.mark.parametrize("folder", ["https://news.example/in/", "relative/path", "inbox:desk", "/"])
def test_what_is_no_folder_is_refused(folder: str) -> None:
    with pytest.raises(ValidationError, match="folder"):
        KIND.settings.model_validate({"folder": folder})


async def test_an_ftp_server_that_replaces_no_file_is_told_to_delete_it_first(fetcher: Fetcher) -> None:
    refusals = ["553 it exists"]

    def rename(_new: str) -> str:
        return refusals.pop() if refusals else "250 moved"

    answers: dict[str, Answer] = {"RNTO": rename, "DELE": "250 gone"}
    async with scripted_ftp(answers, data={"STOR": b""}) as ftp:
        login = f"ftp://{HERE}:{ftp.port} basic {USER} {PASSWORD}"
        operator = Settings.model_validate({"logins": [login]})
        async with opened(KIND, {"folder": f"ftp://{USER}@{HERE}:{ftp.port}/in/"}, fetcher, operator) as sender:
            await sender.send(published(1))

    name = file_name(published(1).message.event, "json")
    told = [command for command in ftp.commands if command.split()[0] in ("STOR", "RNFR", "RNTO", "DELE", "MKD")]
    move = [f"RNFR .{name}.tmp", f"RNTO {name}"]
    assert told == [f"STOR .{name}.tmp", *move, f"DELE {name}", *move]

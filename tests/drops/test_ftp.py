"""FTP servers with few commands, and hostile ones."""

import asyncio
import itertools
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aioftp
import pytest

from ingestd.drops.files import File, Folder
from ingestd.drops.ftp import open_ftp
from ingestd.drops.remote import Server
from ingestd.errors import BrokenReply, FetchError, Inaccessible, LoginRefused, TimedOut
from ingestd.web.connection.dial import tls_context
from tests.drops.scripted_ftp import HANG_UP, SILENCE, ScriptedFtp, scripted_ftp
from tests.support.drop_folders import HERE, PASSWORD, USER, make_certificate, open_drop_folder
from tests.support.dropping import names, write
from tests.support.loop_clock import LoopClock, until

FACTS = b"type=file;size=1;modify=20260131120000; "
LIST = b"-rw-r--r--   1 desk  desk  %d Jan 31  2026 %b\r\n"


def folder_on(server: ScriptedFtp, **changes: Any) -> AbstractAsyncContextManager[Folder]:
    return open_drop_folder(
        f"ftp://{USER}@{HERE}:{server.port}/out/",
        **{"logins": (f"ftp://{HERE}:{server.port} basic {USER} {PASSWORD}",), "seconds": 20.0} | changes,
    )


async def test_data_connections_ignore_the_address_that_the_server_names() -> None:
    async with scripted_ftp({"EPSV": "502 no", "PASV": "227 (10,1,2,3,0,21)"}) as ftp:
        with pytest.raises(FetchError) as caught:
            async with folder_on(ftp) as folder:
                await folder.files()

    assert "10.1.2.3" not in str(caught.value)
    assert caught.value.reason == "Connection refused"  # by port 21 of the control connection's host


@pytest.mark.parametrize(
    "name",
    [
        b"../a.xml",
        b"/etc/passwd",
        b"..",
        b".",
        b"a/b.xml",
        b"..\\a.xml",
        b"a\rDELE b",
        b"a\x00b",
        b"a\x1b[2J",
        b"a" * 300,
    ],
)
async def test_an_unsafe_name_is_not_listed(name: bytes) -> None:
    async with (
        scripted_ftp(data={"MLSD": FACTS + name + b"\r\n" + FACTS + b"b.xml\r\n"}) as ftp,
        folder_on(ftp) as folder,
    ):
        assert [file.name for file in await folder.files()] == ["b.xml"]


async def test_a_name_in_any_encoding_is_sent_back_byte_for_byte() -> None:
    async with (
        scripted_ftp(data={"MLSD": FACTS + b"gr\xfc\xdfe \xa0.xml\r\n", "RETR": b"x"}) as ftp,
        folder_on(ftp) as folder,
    ):
        [file] = await folder.files()
        assert await folder.read(file, 10) == b"x"

    assert "RETR " + b"gr\xfc\xdfe \xa0.xml".decode(errors="surrogateescape") in ftp.commands


@pytest.mark.parametrize("endless", [FACTS + b"%d.xml\r\n", b"x" * 60_000 + b"\n"], ids=["names", "long lines"])
async def test_an_endless_listing_is_abandoned(endless: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.drops.ftp.MAX_NAMES", 1000)
    monkeypatch.setattr("ingestd.drops.ftp._MAX_LISTING", 2**20)

    async with scripted_ftp(data={"MLSD": (endless.replace(b"%d", b"%d" % n) for n in itertools.count())}) as ftp:
        with pytest.raises(Inaccessible, match="the folder lists more than 100000 names"):
            async with folder_on(ftp) as folder:
                await folder.files()


async def test_an_endless_line_is_a_broken_reply() -> None:
    async with scripted_ftp(data={"MLSD": itertools.repeat(b"x" * 60_000)}) as ftp:
        with pytest.raises(BrokenReply):
            async with folder_on(ftp) as folder:
                await folder.files()


async def test_an_endless_answer_is_a_broken_reply() -> None:
    async with scripted_ftp({"PWD": "257-it\r\n" * 100_000}) as ftp:
        with pytest.raises(BrokenReply, match="the server's answer is not valid FTP"):
            async with folder_on(ftp):
                pass


async def test_an_endless_file_is_abandoned_and_the_next_is_read() -> None:
    listed = FACTS + b"a.xml\r\n" + FACTS + b"b.xml\r\n"
    async with (
        scripted_ftp(data={"MLSD": listed, "RETR": itertools.repeat(b"x" * 10_000, 1000)}) as ftp,
        folder_on(ftp) as folder,
    ):
        a, b = await folder.files()
        with pytest.raises(Inaccessible, match=r"cannot read a\.xml: it has 1 bytes, the server sent more"):
            await folder.read(a, 10)
        ftp.data = {"RETR": b"b"}
        assert await folder.read(b, 10) == b"b"


@pytest.mark.parametrize("verb", ["USER", "PASS", "CWD", "PWD", "EPSV", "MLSD"])
async def test_a_server_that_stops_answering_times_out(verb: str) -> None:
    async with scripted_ftp({verb: SILENCE}) as ftp:
        with pytest.raises(TimedOut, match=r"no answer within 0\.3 s"):
            async with folder_on(ftp, seconds=0.3) as folder:
                await folder.files()


async def test_a_file_that_is_never_sent_times_out(loop_clock: LoopClock) -> None:
    listed = {"MLSD": FACTS + b"a.xml\r\n", "RETR": None}
    async with scripted_ftp(data=listed) as ftp, folder_on(ftp, seconds=60.0) as folder:
        [file] = await folder.files()
        reading = asyncio.create_task(folder.read(file, 10))
        await until(lambda: "RETR a.xml" in ftp.commands)
        loop_clock.skip(60)
        with pytest.raises(TimedOut, match=r"cannot read a\.xml: no answer within"):
            await reading


async def test_a_lost_connection_is_a_broken_reply() -> None:
    async with scripted_ftp({"EPSV": HANG_UP}) as ftp:
        with pytest.raises(BrokenReply, match="cannot list the folder: the connection ended"):
            async with folder_on(ftp) as folder:
                await folder.files()


async def test_a_server_message_is_truncated_and_the_password_removed() -> None:
    async with scripted_ftp({"PASS": f"530 not {PASSWORD}!\r\n".strip() + " x" * 500}) as ftp:
        with pytest.raises(LoginRefused) as caught:
            async with folder_on(ftp):
                pass

    assert caught.value.reason.startswith("the server refuses the user desk: 530 not ...!")
    assert len(caught.value.reason) < 300


async def test_a_transient_login_failure_is_not_a_refusal() -> None:
    async with scripted_ftp({"PASS": "421 too many"}) as ftp:
        with pytest.raises(Inaccessible, match="cannot log in: 421 too many"):
            async with folder_on(ftp):
                pass


async def test_a_file_that_is_listed_but_not_sent_is_inaccessible() -> None:
    listed = FACTS + b"x\r\n" + FACTS + b"y\r\n" + FACTS.replace(b"=1;", b"=2;") + b"z\r\n"
    data = {"MLSD": listed, "RETR": b""}
    async with scripted_ftp(data=data) as ftp, folder_on(ftp) as folder:
        x, y, z = await folder.files()
        with pytest.raises(Inaccessible, match="cannot read x: it has 1 bytes, the server sent 0"):
            await folder.read(x, 10)
        ftp.data = {"RETR": b"zz"}
        assert await folder.read(z, 10) is None  # MLST now says 1 byte
        ftp.data = {}
        ftp.answers["RETR"] = "550 permission denied"
        with pytest.raises(Inaccessible, match="cannot read y: it has 1 bytes, the server sent nothing"):
            await folder.read(y, 10)


# Servers with few commands


def missing_in_subfolders(name: str) -> str:
    return "550 none" if "/" in name else "213 1"


async def test_without_mlsd_list_and_size_are_used() -> None:
    lines = LIST % (1, b"a story.xml") + LIST % (1, b"b.xml") + b"total 3\r\n"
    lines += b"drwxr-xr-x 2 desk desk 4096 Jan 31  2026 folder.xml\r\n"
    lines += b"lrwxrwxrwx 1 desk desk 3 Jan 31  2026 link.xml -> b.xml\r\n"
    async with (
        scripted_ftp({"SIZE": missing_in_subfolders}, {"LIST": lines, "RETR": b"x"}) as ftp,
        folder_on(ftp) as folder,
    ):
        a, b = await folder.files()

        assert (a.name, b.name) == ("a story.xml", "b.xml")
        assert await folder.read(a, 10) == b"x"
        assert await folder.move_to(a, "done")

    assert ftp.commands[-3:-1] == ["RNFR a story.xml", "RNTO done/a story.xml"]


async def test_without_mlst_and_size_no_file_is_moved() -> None:
    async with (
        scripted_ftp({"SIZE": "502 no"}, {"LIST": LIST % (1, b"a.xml"), "RETR": b"x"}) as ftp,
        folder_on(ftp) as folder,
    ):
        [file] = await folder.files()
        assert await folder.read(file, 10) == b"x"
        with pytest.raises(Inaccessible, match="neither MLST nor SIZE"):
            await folder.move_to(file, "done")

    assert not [command for command in ftp.commands if command.startswith("RN")]


async def test_a_listing_without_sizes_is_inaccessible() -> None:
    async with scripted_ftp(data={"MLSD": b"type=file; a.xml\r\n"}) as ftp, folder_on(ftp) as folder:
        with pytest.raises(Inaccessible, match="lacks the size or the modification time"):
            await folder.files()


async def test_the_time_of_a_file_includes_fractions_of_a_second() -> None:
    facts = FACTS.replace(b"00;", b"00.25;")
    async with scripted_ftp(data={"MLSD": facts + b"a.xml\r\n"}) as ftp, folder_on(ftp) as folder:
        assert await folder.files() == [File(name="a.xml", size=1, modified=1_769_860_800_250_000_000)]


@pytest.mark.parametrize(
    ("path", "command"), [("/", None), ("/a%20b", "CWD a b"), ("/%2Fsrv/out/", "CWD /srv/out"), ("/%2F", "CWD /")]
)
async def test_a_path_is_relative_to_the_directory_of_the_login(path: str, command: str | None) -> None:
    async with scripted_ftp() as ftp, open_drop_folder(f"ftp://{HERE}:{ftp.port}{path}"):
        pass

    assert ftp.commands[:2] == ["USER anonymous", "PASS "]
    assert ftp.commands[2] == (command or "TYPE I")


# Implicit TLS, as on port 990


class ImplicitTlsServer(aioftp.Server):
    """FTP server that records the argument of PROT."""

    protected = ""

    async def prot(self, connection: aioftp.Connection, rest: Any) -> bool:
        self.protected = str(rest)
        return bool(await super().prot(connection, rest))


@asynccontextmanager
async def implicit(root: Path, certificate: Path) -> AsyncIterator[ImplicitTlsServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    user = aioftp.User(USER, PASSWORD, base_path=root, permissions=[aioftp.Permission("/")])
    server = ImplicitTlsServer([user], ssl=context)
    await server.start(HERE, 0)
    yield server
    await server.close()


async def dial(host: str, port: int) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (host, port))
    return sock


async def test_implicit_tls_protects_control_and_data_connections(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    root = tmp_path / "root"
    root.mkdir()
    write(root, "a.xml", b"x")
    async with implicit(root, certificate) as ftp_server:
        server = Server(
            url="ftps://wire.example:990/", host=HERE, port=ftp_server.server_port, path="", user=USER,
            password=PASSWORD, seconds=20.0, dial=dial,
        )  # fmt: skip
        async with open_ftp(server, tls=tls_context(certificate), implicit=True) as folder:
            [file] = await folder.files()
            assert await folder.read(file, 10) == b"x"
            assert await folder.move_to(file, "done")

    assert names(root / "done") == {"a.xml"}
    assert ftp_server.protected == "P"


async def test_data_connections_go_to_the_address_of_the_control_connection() -> None:
    dialled = []

    async def recording_dial(host: str, port: int) -> socket.socket:
        dialled.append(host)
        return await dial(HERE, port)

    async with scripted_ftp(data={"MLSD": b""}) as ftp:
        server = Server(
            url="ftp://wire.example/", host="wire.example", port=ftp.port, path="", user=USER, password=PASSWORD,
            seconds=20.0, dial=recording_dial,
        )  # fmt: skip
        async with open_ftp(server) as folder:
            assert await folder.files() == []

    assert dialled == ["wire.example", HERE]

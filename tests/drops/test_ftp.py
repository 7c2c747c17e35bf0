"""FTP as servers are: some know little, and some mean ill."""

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
from ingestd.web.connection.dial import tls_of
from tests.drops.puppet import HANG_UP, SILENCE, Puppet, puppet
from tests.support.dropping import names, write
from tests.support.wires import HERE, PASSWORD, USER, make_certificate, opened

FACTS = b"type=file;size=1;modify=20260131120000; "
LIST = b"-rw-r--r--   1 desk  desk  %d Jan 31  2026 %b\r\n"


def at(one: Puppet, **changes: Any) -> AbstractAsyncContextManager[Folder]:
    return opened(
        f"ftp://{USER}@{HERE}:{one.port}/out/",
        **{"logins": (f"ftp://{HERE}:{one.port} basic {USER} {PASSWORD}",), "seconds": 20.0} | changes,
    )


async def test_a_server_may_lead_data_nowhere_else() -> None:
    async with puppet({"EPSV": "502 no", "PASV": "227 (10,1,2,3,0,21)"}) as one:
        with pytest.raises(FetchError) as caught:
            async with at(one) as folder:
                await folder.files()

    assert "10.1.2.3" not in str(caught.value)
    assert caught.value.reason == "Connection refused"  # by port 21 of the host that was logged in to


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
async def test_a_name_that_leads_elsewhere_is_left_where_it_is(name: bytes) -> None:
    async with puppet(data={"MLSD": FACTS + name + b"\r\n" + FACTS + b"b.xml\r\n"}) as one, at(one) as folder:
        assert [file.name for file in await folder.files()] == ["b.xml"]


async def test_a_name_in_any_encoding_is_sent_back_as_it_came() -> None:
    async with puppet(data={"MLSD": FACTS + b"gr\xfc\xdfe \xa0.xml\r\n", "RETR": b"x"}) as one, at(one) as folder:
        [file] = await folder.files()
        assert await folder.read(file, 10) == b"x"

    assert "RETR " + b"gr\xfc\xdfe \xa0.xml".decode(errors="surrogateescape") in one.heard


@pytest.mark.parametrize("endless", [FACTS + b"%d.xml\r\n", b"x" * 60_000 + b"\n"], ids=["names", "long lines"])
async def test_a_listing_that_does_not_end_is_left(endless: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.drops.ftp.MOST_NAMES", 1000)
    monkeypatch.setattr("ingestd.drops.ftp._LONGEST_LISTING", 2**20)

    async with puppet(data={"MLSD": (endless.replace(b"%d", b"%d" % n) for n in itertools.count())}) as one:
        with pytest.raises(Inaccessible, match="it lists more than 100000 names"):
            async with at(one) as folder:
                await folder.files()


async def test_a_line_that_does_not_end_is_left() -> None:
    async with puppet(data={"MLSD": itertools.repeat(b"x" * 60_000)}) as one:
        with pytest.raises(BrokenReply):
            async with at(one) as folder:
                await folder.files()


async def test_an_answer_that_does_not_end_is_left() -> None:
    async with puppet({"PWD": "257-it\r\n" * 100_000}) as one:
        with pytest.raises(BrokenReply, match="what it answers is no FTP"):
            async with at(one):
                pass


async def test_a_file_that_goes_on_is_left_and_the_next_is_read() -> None:
    listed = FACTS + b"a.xml\r\n" + FACTS + b"b.xml\r\n"
    async with puppet(data={"MLSD": listed, "RETR": itertools.repeat(b"x" * 10_000, 1000)}) as one, at(one) as folder:
        a, b = await folder.files()
        with pytest.raises(Inaccessible, match=r"a\.xml cannot be read: of its 1 bytes the server sent more"):
            await folder.read(a, 10)
        one.data = {"RETR": b"b"}
        assert await folder.read(b, 10) == b"b"


@pytest.mark.parametrize("verb", ["USER", "PASS", "CWD", "PWD", "EPSV", "MLSD"])
async def test_a_server_that_falls_silent_is_not_waited_for(verb: str) -> None:
    async with puppet({verb: SILENCE}) as one:
        with pytest.raises(TimedOut, match=r"no answer within 0\.3 s"):
            async with at(one, seconds=0.3) as folder:
                await folder.files()


async def test_a_file_that_never_comes_ends_the_look() -> None:
    listed = {"MLSD": FACTS + b"a.xml\r\n", "RETR": None}
    async with puppet(data=listed) as one, at(one, seconds=0.5) as folder:
        [file] = await folder.files()
        with pytest.raises(TimedOut, match=r"a\.xml cannot be read: no answer within"):
            await folder.read(file, 10)


async def test_a_server_that_hangs_up_ends_the_look() -> None:
    async with puppet({"EPSV": HANG_UP}) as one:
        with pytest.raises(BrokenReply, match="it cannot be listed: the connection ended"):
            async with at(one) as folder:
                await folder.files()


async def test_what_a_server_says_is_kept_short_and_without_the_password() -> None:
    async with puppet({"PASS": f"530 not {PASSWORD}!\r\n".strip() + " x" * 500}) as one:
        with pytest.raises(LoginRefused) as caught:
            async with at(one):
                pass

    assert caught.value.reason.startswith("it refuses the user desk: 530 not ...!")
    assert len(caught.value.reason) < 300


async def test_too_many_connections_are_no_refusal() -> None:
    async with puppet({"PASS": "421 too many"}) as one:
        with pytest.raises(Inaccessible, match="it does not let us in: 421 too many"):
            async with at(one):
                pass


async def test_what_may_be_listed_and_not_read_is_told() -> None:
    listed = FACTS + b"x\r\n" + FACTS + b"y\r\n" + FACTS.replace(b"=1;", b"=2;") + b"z\r\n"
    data = {"MLSD": listed, "RETR": b""}
    async with puppet(data=data) as one, at(one) as folder:
        x, y, z = await folder.files()
        with pytest.raises(Inaccessible, match="x cannot be read: of its 1 bytes the server sent 0"):
            await folder.read(x, 10)
        one.data = {"RETR": b"zz"}
        assert await folder.read(z, 10) is None  # by now it has 1
        one.data = {}
        one.answers["RETR"] = "550 permission denied"
        with pytest.raises(Inaccessible, match="y cannot be read: of its 1 bytes the server sent nothing"):
            await folder.read(y, 10)


# Servers that know little


def in_the_folder_alone(name: str) -> str:
    return "550 none" if "/" in name else "213 1"


async def test_without_mlsd_there_is_list_and_size() -> None:
    lines = LIST % (1, b"a story.xml") + LIST % (1, b"b.xml") + b"total 3\r\n"
    lines += b"drwxr-xr-x 2 desk desk 4096 Jan 31  2026 folder.xml\r\n"
    lines += b"lrwxrwxrwx 1 desk desk 3 Jan 31  2026 link.xml -> b.xml\r\n"
    async with puppet({"SIZE": in_the_folder_alone}, {"LIST": lines, "RETR": b"x"}) as one, at(one) as folder:
        a, b = await folder.files()

        assert (a.name, b.name) == ("a story.xml", "b.xml")
        assert await folder.read(a, 10) == b"x"
        assert await folder.put_away(a, "done")

    assert one.heard[-3:-1] == ["RNFR a story.xml", "RNTO done/a story.xml"]


async def test_without_mlst_and_size_nothing_is_moved_that_might_replace_something() -> None:
    async with puppet({"SIZE": "502 no"}, {"LIST": LIST % (1, b"a.xml"), "RETR": b"x"}) as one, at(one) as folder:
        [file] = await folder.files()
        assert await folder.read(file, 10) == b"x"
        with pytest.raises(Inaccessible, match="neither MLST nor SIZE"):
            await folder.put_away(file, "done")

    assert not [command for command in one.heard if command.startswith("RN")]


async def test_a_listing_that_does_not_say_how_large_files_are_is_told() -> None:
    async with puppet(data={"MLSD": b"type=file; a.xml\r\n"}) as one, at(one) as folder:
        with pytest.raises(Inaccessible, match="how large files are, and from when"):
            await folder.files()


async def test_the_time_of_a_file_is_that_of_its_fraction_too() -> None:
    facts = FACTS.replace(b"00;", b"00.25;")
    async with puppet(data={"MLSD": facts + b"a.xml\r\n"}) as one, at(one) as folder:
        assert await folder.files() == [File(name="a.xml", size=1, modified=1_769_860_800_250_000_000)]


@pytest.mark.parametrize(
    ("path", "command"), [("/", None), ("/a%20b", "CWD a b"), ("/%2Fsrv/out/", "CWD /srv/out"), ("/%2F", "CWD /")]
)
async def test_a_path_begins_where_the_login_leads(path: str, command: str | None) -> None:
    async with puppet() as one, opened(f"ftp://{HERE}:{one.port}{path}"):
        pass

    assert one.heard[:2] == ["USER anonymous", "PASS "]
    assert one.heard[2] == (command or "TYPE I")


# TLS from the first byte on, as on port 990


class Server990(aioftp.Server):
    """Notes what it is asked to encrypt."""

    protected = ""

    async def prot(self, connection: aioftp.Connection, rest: Any) -> bool:
        self.protected = str(rest)
        return bool(await super().prot(connection, rest))


@asynccontextmanager
async def implicit(root: Path, certificate: Path) -> AsyncIterator[Server990]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    user = aioftp.User(USER, PASSWORD, base_path=root, permissions=[aioftp.Permission("/")])
    server = Server990([user], ssl=context)
    await server.start(HERE, 0)
    yield server
    await server.close()


async def dial(host: str, port: int) -> socket.socket:
    one = socket.socket()
    one.setblocking(False)
    await asyncio.get_running_loop().sock_connect(one, (host, port))
    return one


async def test_tls_may_begin_at_once(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    root = tmp_path / "root"
    root.mkdir()
    write(root, "a.xml", b"x")
    async with implicit(root, certificate) as theirs:
        server = Server(
            url="ftps://wire.example:990/", host=HERE, port=theirs.server_port, path="", user=USER, password=PASSWORD,
            seconds=20.0, dial=dial,
        )  # fmt: skip
        async with open_ftp(server, tls=tls_of(certificate), implicit=True) as folder:
            [file] = await folder.files()
            assert await folder.read(file, 10) == b"x"
            assert await folder.put_away(file, "done")

    assert names(root / "done") == {"a.xml"}
    assert theirs.protected == "P"


async def test_data_goes_to_the_address_of_the_login_whatever_its_name_leads_to_by_then() -> None:
    dialled = []

    async def noting(host: str, port: int) -> socket.socket:
        dialled.append(host)
        return await dial(HERE, port)

    async with puppet(data={"MLSD": b""}) as one:
        server = Server(
            url="ftp://wire.example/", host="wire.example", port=one.port, path="", user=USER, password=PASSWORD,
            seconds=20.0, dial=noting,
        )  # fmt: skip
        async with open_ftp(server) as folder:
            assert await folder.files() == []

    assert dialled == ["wire.example", HERE]

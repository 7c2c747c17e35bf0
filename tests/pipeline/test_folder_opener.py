"""Opening drop folders by URL: logins, keys and certificates, and the errors that the operator sees."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from ingestd.errors import (
    BrokenReply,
    FetchError,
    Forbidden,
    Inaccessible,
    LoginRefused,
    NotInstalled,
    TimedOut,
    UnknownHostKey,
    Unreachable,
)
from tests.cli.running import ingestd
from tests.support import drop_folders
from tests.support.drop_folders import DROP_FOLDERS, HERE, PASSWORD, USER, DropFolder, known_host, open_drop_folder
from tests.support.dropping import names, write


async def refused(wire: DropFolder, url: str | None = None, **changes: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        async with open_drop_folder(url or wire.url, **wire.settings | changes) as folder:
            await folder.files()
    said = str(caught.value)
    assert "\n" not in said
    assert PASSWORD not in said
    assert f"{USER}@" not in said
    return caught.value


def nowhere(scheme: str, port: int, path: Path) -> DropFolder:
    login = f"{scheme}://{HERE}:{port} basic {USER} {PASSWORD}"
    return DropFolder(url=f"{scheme}://{HERE}:{port}/", path=path, root=path, logins=(login,))


@asynccontextmanager
async def answering(body: bytes) -> AsyncIterator[int]:
    """Run a server that sends the same bytes to every client and waits for it to disconnect."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(body)
        with suppress(ConnectionError):
            while await reader.read(1000):
                pass
        writer.transport.abort()
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(answer, HERE, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await gone.wait()


@pytest.fixture(params=["ftp", "ftps", "sftp"])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    with DROP_FOLDERS[request.param](tmp_path / "root") as wire:
        yield wire


@pytest.fixture
def sftp(tmp_path: Path) -> Any:
    with drop_folders.sftp(tmp_path / "root") as wire:
        yield wire


# All protocols


async def test_the_error_says_in_one_line_what_is_wrong(wire: DropFolder) -> None:
    origin = wire.logins[0].split()[0]
    other = wire.url.replace(f"{USER}@", "intern@")

    wrong = await refused(wire, logins=(f"{origin} basic {USER} an0ther",))
    without = await refused(wire, logins=())
    nobody = await refused(wire, other)
    missing = await refused(wire, wire.url.replace("out%20going", "nowhere"))
    forbidden = await refused(wire, networks=())

    assert isinstance(wrong, LoginRefused)
    assert wrong.reason.startswith("the server refuses the user desk")
    assert wrong.reason.endswith("see the setting `logins`")
    assert isinstance(without, LoginRefused)
    assert without.reason == "no login for the user desk; add one to the setting `logins`"
    assert isinstance(nobody, LoginRefused)
    assert nobody.reason == "no login for the user intern; add one to the setting `logins`"
    assert isinstance(missing, Inaccessible)
    assert missing.reason.startswith("cannot open the folder: ")
    assert isinstance(forbidden, Forbidden)
    assert forbidden.reason == "127.0.0.1 is a private address; set allow_networks to allow it"


async def test_without_a_user_in_the_url_a_single_login_is_used_but_not_one_of_several(wire: DropFolder) -> None:
    plain = wire.url.replace(f"{USER}@", "")
    async with open_drop_folder(plain, **wire.settings) as folder:
        assert await folder.files() == []

    several = await refused(wire, plain, logins=(*wire.logins, wire.logins[0].replace(USER, "intern")))

    assert isinstance(several, LoginRefused)
    assert several.reason.startswith("`logins` has 2 users for it; name one, as in ")


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
async def test_a_refused_connection_is_reported(scheme: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        port = taken.getsockname()[1]
        error = await refused(nowhere(scheme, port, tmp_path))

    assert type(error) is Unreachable
    assert error.reason == "Connection refused"


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
async def test_a_silent_server_times_out(scheme: str, tmp_path: Path) -> None:
    async with answering(b"") as port:
        error = await refused(nowhere(scheme, port, tmp_path), seconds=0.2)

    assert isinstance(error, TimedOut)
    assert error.reason.endswith("no answer within 0.2 s")


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
async def test_a_server_of_another_protocol_is_reported(scheme: str, tmp_path: Path) -> None:
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 200_000) as port:
        error = await refused(nowhere(scheme, port, tmp_path), seconds=60)

    assert isinstance(error, BrokenReply)


@pytest.mark.parametrize(
    ("scheme", "library", "extra"), [("ftp", "aioftp", "ftp"), ("ftps", "aioftp", "ftp"), ("sftp", "asyncssh", "sftp")]
)
async def test_the_missing_library_is_named(
    scheme: str, library: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"ingestd.drops.{extra}", raising=False)
    wire = DropFolder(url=f"{scheme}://{HERE}/", path=tmp_path, root=tmp_path, logins=(f"{scheme}://{HERE} basic a b",))

    error = await refused(wire)

    assert isinstance(error, NotInstalled)
    assert f"the library {library}, which is not installed; run: pip install 'ingestd[{extra}]'" in error.reason


# SFTP


async def test_an_unknown_host_key_is_refused_and_the_missing_line_is_shown(sftp: DropFolder) -> None:
    error = await refused(sftp, known_hosts=())

    assert isinstance(error, UnknownHostKey)
    assert "SHA256:" in error.reason
    assert "is not in known_hosts" in error.reason
    assert error.reason.endswith(sftp.known_hosts[0])


async def test_a_changed_host_key_is_refused(sftp: DropFolder) -> None:
    port = int(sftp.known_hosts[0].split(":")[1].split()[0])
    before = known_host(port, asyncssh.generate_private_key("ssh-ed25519"))

    error = await refused(sftp, known_hosts=(before,))

    assert isinstance(error, UnknownHostKey)
    assert "is not the one in known_hosts" in error.reason


async def test_a_host_key_of_an_unknown_type_is_refused(sftp: DropFolder) -> None:
    port = int(sftp.known_hosts[0].split(":")[1].split()[0])
    before = known_host(port, asyncssh.generate_private_key("ecdsa-sha2-nistp256"))

    error = await refused(sftp, known_hosts=(before,))

    assert isinstance(error, UnknownHostKey)


async def test_a_revoked_host_key_is_refused(sftp: DropFolder) -> None:
    error = await refused(sftp, known_hosts=(*sftp.known_hosts, f"@revoked {sftp.known_hosts[0]}"))

    assert isinstance(error, UnknownHostKey)


async def test_keys_of_the_home_directory_and_of_an_agent_are_not_used(
    sftp: DropFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text(sftp.known_hosts[0])
    (tmp_path / ".ssh/config").write_text("Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile none\n")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert isinstance(await refused(sftp, known_hosts=()), UnknownHostKey)


async def test_the_configuration_of_the_user_is_not_read(
    sftp: DropFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text("Host *\n  PreferredAuthentications publickey\n")
    monkeypatch.setenv("HOME", str(tmp_path))

    async with sftp.open() as folder:
        assert await folder.files() == []


@pytest.fixture
def client_key(tmp_path: Path) -> Path:
    path = tmp_path / "wire_key"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(path)
    return path


async def test_a_private_key_opens_the_folder(client_key: Path, tmp_path: Path) -> None:
    with drop_folders.sftp(tmp_path / "root", client_key=client_key) as wire:
        async with wire.open() as folder:
            assert await folder.files() == []


async def test_a_private_key_may_be_a_credential(
    client_key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(client_key.parent))
    with drop_folders.sftp(tmp_path / "root", client_key=client_key) as wire:
        async with wire.open(logins=(wire.logins[0].replace(str(client_key), client_key.name),)) as folder:
            assert await folder.files() == []


def encrypted(path: Path) -> None:
    path.write_bytes(asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_private_key("pkcs8-pem", "secret"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(lambda path: path.unlink(), "cannot read the key", id="gone"),
        pytest.param(lambda path: path.write_text("no key"), "is not a private key", id="no key"),
        pytest.param(encrypted, "or needs a passphrase", id="encrypted"),
        pytest.param(
            lambda path: asyncssh.generate_private_key("ssh-ed25519").write_private_key(path),
            "the server refuses the user desk with this key",
            id="another",
        ),
    ],
)
async def test_an_unusable_private_key_is_reported(
    spoil: Callable[[Path], None], said: str, client_key: Path, tmp_path: Path
) -> None:
    with drop_folders.sftp(tmp_path / "root", client_key=client_key) as wire:
        spoil(client_key)

        error = await refused(wire)

    assert isinstance(error, LoginRefused)
    assert said in error.reason


async def test_an_sftp_path_starts_at_the_root_or_at_the_home_directory(sftp: DropFolder) -> None:
    write(sftp.root, "a.xml", b"x")
    port = sftp.url.split(":")[2].partition("/")[0]
    for path in ("/", "/~/"):
        async with open_drop_folder(f"sftp://{HERE}:{port}{path}", **sftp.settings) as folder:
            assert [file.name for file in await folder.files()] == ["a.xml"]


async def test_subfolders_that_are_symbolic_links_are_refused(sftp: DropFolder) -> None:
    (sftp.root / "elsewhere").mkdir()
    (sftp.path / "done").symlink_to("../elsewhere")

    error = await refused(sftp)

    assert isinstance(error, Inaccessible)
    assert error.reason == "cannot open the folder: done is not a directory"


# FTPS


async def test_an_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    with drop_folders.ftps(tmp_path / "root") as wire:
        error = await refused(wire, ca_file=None)

        assert isinstance(error, Unreachable)
        assert error.reason == "no TLS: self-signed certificate; set ca_file to trust its issuer"


async def test_a_server_without_tls_gets_no_password(tmp_path: Path) -> None:
    with drop_folders.ftp(tmp_path / "root") as wire:
        error = await refused(
            wire, wire.url.replace("ftp:", "ftps:"), logins=(wire.logins[0].replace("ftp:", "ftps:"),)
        )

    assert isinstance(error, Inaccessible)
    assert error.reason.startswith("cannot open the folder: 50")


# The command


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "ingestd.toml"
    file.write_text(f"state_dir = '{tmp_path}/state'\nallow_networks = ['127.0.0.0/8']\n")
    return file


def test_a_folder_is_added_if_it_can_be_opened(wire: DropFolder, config: Path) -> None:
    config.write_text(config.read_text() + wire.toml)
    shown = wire.url.replace(f"{USER}@", "")

    added = ingestd(config, "sources", "add", wire.url.rstrip("/"))
    listed = ingestd(config, "sources", "list", "--json").json

    assert (added.status, added.out) == (0, f"source 1: {shown}\n")
    assert [row["url"] for row in listed] == [shown]
    assert names(wire.path) == {"done", "error"}
    assert ingestd(config, "sources", "export").out.count("<outline") == 0
    assert ingestd(config, "poll", "1").status == 0


def test_a_folder_that_cannot_be_opened_is_added_only_unchecked(wire: DropFolder, config: Path) -> None:
    refused = ingestd(config, "sources", "add", wire.url)
    added = ingestd(config, "sources", "add", wire.url, "--unchecked")

    assert (refused.status, added.status) == (1, 0)
    assert refused.error.endswith("no login for the user desk; add one to the setting `logins`\n")
    assert refused.error.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp:///feed", "not a folder address: ftp:///feed; write it like ftp://user@wire.example/out/"),
        ("sftp://a:s3same@wire.example/", "password in the address: sftp://wire.example/; put it into the setting"),
        ("ftp://wire.example/a?b", "not a folder address"),
        ("ftp://wire.example:x/a", "not a folder address"),
        ("ftp://wire.example/a%0D%0ADELE%20b", "not a valid source"),
        ("ftp://us%0Aer@wire.example/", "not a valid source"),
        ("ftp://wire.example/a/../../etc", "not a valid source"),
    ],
)
def test_an_invalid_folder_address_is_reported(url: str, said: str, config: Path) -> None:
    done = ingestd(config, "sources", "add", url)

    assert done.status == 2
    assert done.error.startswith(said)
    assert "s3same" not in done.error

"""aioftp's private `_open_connection`, which `Client` replaces: a new version of aioftp that changes it fails here."""

import ast
import asyncio
import inspect
from pathlib import Path

import aioftp
import aioftp.client

import ingestd
from ingestd.drops.ftp_client import ENCODING, Client
from tests.drops.scripted_ftp import scripted_ftp


class RecordingClient(aioftp.Client):
    """aioftp's own client, which records the ports that it opens connections to."""

    def __init__(self) -> None:
        super().__init__(encoding=ENCODING)
        self.opened: list[tuple[str, int]] = []

    async def _open_connection(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.opened.append((host, port))
        return await super()._open_connection(host, port)


def callers_of(name: str) -> set[str]:
    """Return the functions of `aioftp.client` that call a name or a method of that name."""
    functions = [node for node in ast.walk(ast.parse(inspect.getsource(aioftp.client)))
                 if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]  # fmt: skip
    calls = [(one.name, node.func) for one in functions for node in ast.walk(one) if isinstance(node, ast.Call)]
    return {caller for caller, called in calls if name in (getattr(called, "id", None), getattr(called, "attr", None))}


def test_the_replaced_method_has_the_signature_of_aioftps_own() -> None:
    replaced, own = aioftp.BaseClient._open_connection, Client._open_connection

    assert inspect.iscoroutinefunction(replaced)
    assert list(inspect.signature(replaced).parameters) == list(inspect.signature(own).parameters)


def test_aioftp_opens_all_its_connections_with_that_method() -> None:
    assert callers_of("_open_connection") == {"connect", "get_passive_connection"}
    assert callers_of("open_connection") == {"_open_connection"}
    assert not callers_of("create_connection")


async def test_aioftp_calls_it_for_control_and_data_connections() -> None:
    client = RecordingClient()
    async with scripted_ftp(data={"MLSD": b""}) as ftp:
        await client.connect("127.0.0.1", ftp.port)
        await client.login()
        async with client.get_stream("MLSD", "1xx") as stream:
            assert await stream.read() == b""
        assert ftp.data_server
        data_port = ftp.data_server.sockets[0].getsockname()[1]
        client.close()

    assert client.opened == [("127.0.0.1", ftp.port), ("127.0.0.1", data_port)]


async def test_the_control_stream_is_public_and_has_a_writer() -> None:
    client = RecordingClient()
    async with scripted_ftp() as ftp:
        await client.connect("127.0.0.1", ftp.port)

        assert isinstance(client.stream.writer, asyncio.StreamWriter)
        client.close()


def test_no_other_module_replaces_it() -> None:
    package = Path(ingestd.__file__).parent
    users = [path for path in package.rglob("*.py") if "def _open_connection(" in path.read_text("utf-8")]

    assert users == [package / "drops" / "ftp_client.py"]

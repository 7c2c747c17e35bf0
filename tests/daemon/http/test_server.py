import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from ingestd.daemon.health import Health
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.errors import AddressInUse, ConfigError, UsageError
from ingestd.settings import Listen
from tests.daemon.services import Hung, be_patient, hang

ANY_PORT = Listen(host="127.0.0.1", port=0)


@asynccontextmanager
async def client_of(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        serve(Health(service), ANY_PORT) as address,
        aiohttp.ClientSession(base_url=address) as client,
    ):
        yield client


@pytest.fixture
async def client(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    async with client_of(service) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/livez", "text/plain; charset=utf-8"),
        ("/readyz", "text/plain; charset=utf-8"),
        ("/health", "application/health+json"),
        ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
    ],
)
async def test_every_path_answers_get_and_head(client: aiohttp.ClientSession, path: str, media_type: str) -> None:
    async with client.get(path) as reply:
        assert (reply.status, reply.headers["Content-Type"]) == (200, media_type)
        assert await reply.read()
    async with client.head(path) as reply:
        assert (reply.status, await reply.read()) == (200, b"")
    assert reply.headers["Server"] == "ingestd"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_other_methods_are_405(client: aiohttp.ClientSession, method: str) -> None:
    async with client.request(method, "/", data=b"x") as reply:
        assert (reply.status, reply.content_type, reply.headers["Server"]) == (405, "text/plain", "ingestd")


async def test_an_unknown_path_is_404_in_plain_text(client: aiohttp.ClientSession) -> None:
    async with client.get("/<script>") as reply:
        assert (reply.status, reply.content_type) == (404, "text/plain")
        assert await reply.text() == "404: Not Found"


async def test_health_is_json_as_in_the_draft(client: aiohttp.ClientSession, service: Service) -> None:
    async with client.get("/health") as reply:
        report = json.loads(await reply.text())

    assert report["status"] == "pass"
    assert report["serviceId"] == service.runtime.run_id
    assert report["checks"]["sources:overdue"][0]["observedValue"] == 0


async def test_a_stopping_daemon_is_live_but_not_ready(client: aiohttp.ClientSession, service: Service) -> None:
    async with client.get("/readyz") as reply:
        assert (reply.status, await reply.text()) == (200, "ok")

    service.stop()

    async with client.get("/readyz") as reply:
        assert (reply.status, await reply.text()) == (503, "stopping")
    async with client.get("/livez") as reply:
        assert (reply.status, await reply.text()) == (200, "ok")


async def get_all(client: aiohttp.ClientSession, statuses: dict[str, int]) -> None:
    """Get every path at the same time, and note the status of each as it comes."""

    async def get(path: str) -> None:
        async with client.get(path) as reply:
            statuses[path] = reply.status
            await reply.read()

    await asyncio.gather(*map(get, ("/livez", "/readyz", "/health", "/metrics", "/")))


async def test_every_path_answers_while_the_database_hangs(service: Service, hung: Hung) -> None:
    hang(service, hung)
    statuses: dict[str, int] = {}

    async with client_of(service) as client:
        await get_all(client, statuses)

    assert statuses == {"/livez": 200, "/readyz": 503, "/health": 503, "/metrics": 200, "/": 200}


async def test_no_path_waits_for_one_query_after_the_other(
    service: Service, hung: Hung, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The waits of a path for the database would add up; each is nearly a second."""
    hang(service, hung)
    be_patient(monkeypatch)
    statuses: dict[str, int] = {}

    async with client_of(service) as client:
        getting = asyncio.create_task(get_all(client, statuses))
        await hung.has_connections(3)  # for the figures, the lists and the counts
        assert set(statuses) <= {"/livez"}
        hung.hang_up()
        await getting

    assert statuses == {"/livez": 200, "/readyz": 503, "/health": 503, "/metrics": 200, "/": 200}


async def test_a_bug_is_a_plain_500_with_the_details_only_in_the_log(
    client: aiohttp.ClientSession, service: Service
) -> None:
    runtime = service.runtime
    del service.runtime
    with capture_logs() as logged:
        async with client.get("/health") as reply:
            body = await reply.text()
    service.runtime = runtime

    assert (reply.status, reply.content_type, body) == (500, "text/plain", "500: Internal Server Error")
    assert [(event["event"], event["path"]) for event in logged] == [("request failed", "/health")]


async def test_a_unix_socket_answers_is_open_to_its_group_and_is_removed_at_the_end(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "ingestd.sock"
    async with serve(Health(service), Listen(path=path)) as address:
        assert address == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as client,
            client.get("http://ingestd/livez") as reply,
        ):
            assert await reply.text() == "ok"

    assert not path.exists()


async def test_a_socket_left_by_a_killed_daemon_is_replaced(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "ingestd.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    async with (
        serve(Health(service), Listen(path=path)),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as client,
        client.get("http://ingestd/readyz") as reply,
    ):
        assert reply.status == 200


async def test_a_live_socket_is_not_replaced(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "ingestd.sock"
    async with serve(Health(service), Listen(path=path)):
        with pytest.raises(
            AddressInUse, match=r"^cannot listen at unix:.*: another process listens there; end it or set"
        ):
            async with serve(Health(service), Listen(path=path)):
                pass
        assert path.is_socket()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("notes.txt", "not a socket", id="a file that is not a socket"),
        pytest.param("missing/ingestd.sock", "No such file", id="a folder that is not there"),
        pytest.param("x" * 200, "too long", id="a path too long for a socket"),
    ],
)
async def test_an_unusable_socket_path_is_a_config_error(
    service: Service, tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(ConfigError, match=f"^listen: .*{reason}"):
        async with serve(Health(service), Listen(path=tmp_path / name)):
            pass

    assert (tmp_path / "notes.txt").read_text() == "mine"


async def test_ipv6_is_shown_with_brackets(service: Service) -> None:
    async with (
        serve(Health(service), Listen(host="::1", port=0)) as address,
        aiohttp.ClientSession() as client,
        client.get(address + "livez") as reply,
    ):
        assert address.startswith("http://[::1]:")
        assert reply.status == 200


async def test_bytes_that_are_no_http_get_400_and_the_server_goes_on(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "ingestd.sock"
    async with serve(Health(service), Listen(path=path)):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"\x16\x03\x01 hello\r\n\r\n")
        refusal = await reader.read()
        writer.close()
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"GET /livez HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()

    assert refusal.startswith(b"HTTP/1.0 400")
    assert answer.startswith(b"HTTP/1.0 200")


async def test_a_port_in_use_is_not_a_wrong_setting_so_that_the_unit_retries(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(AddressInUse, match=f"^cannot listen at 127.0.0.1:{port}: another process listens there"):
            async with serve(Health(service), Listen(host="127.0.0.1", port=port)):
                pass

    assert not issubclass(AddressInUse, ConfigError | UsageError)  # these have exit status 2, which ends the unit

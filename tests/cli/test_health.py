import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.daemon.health import Health
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.settings import Listen
from ingestd.store.schema.tables import sources
from tests.cli.running import Done
from tests.daemon.services import add_source, be_patient, open_service


async def ingestd_health(listen: str, *arguments: str) -> Done:
    """Run the command in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ingestd", "health", *arguments,
        env={**os.environ, "INGESTD_LISTEN": listen},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await asyncio.wait_for(process.communicate(), 60)
    return Done(process.returncode or 0, out.decode(), error.decode())


@pytest.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    be_patient(monkeypatch)
    async with open_service(tmp_path / "state") as service:
        yield service


@pytest.fixture(params=["port", "socket"])
async def listen(request: pytest.FixtureRequest, service: Service, tmp_path: Path) -> AsyncIterator[str]:
    """Address of a service: a TCP port, and a UNIX socket."""
    where = Listen(host="127.0.0.1", port=0) if request.param == "port" else Listen(path=tmp_path / "ingestd.sock")
    async with serve(Health(service), where) as address:
        yield address.removeprefix("http://").removesuffix("/")


async def test_a_healthy_daemon_is_a_line_for_each_check_and_status_0(listen: str) -> None:
    done = await ingestd_health(listen)

    assert (done.status, done.error) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "status\tcheck\tobserved\toutput"
    assert "pass\tsources:overdue\t0 sources\t" in lines
    assert {line.partition("\t")[0] for line in lines[1:]} == {"pass"}


async def test_a_warning_is_printed_with_status_0(listen: str, service: Service) -> None:
    await add_source(service, "https://wire.example/feed", due=datetime.now(UTC) - timedelta(hours=1))

    done = await ingestd_health(listen)

    assert done.status == 0
    advice = "sources were due over five minutes ago; see `ingestd sources list --only overdue`"
    assert f"warn\tsources:overdue\t1 sources\t{advice}" in done.out.splitlines()
    assert done.out.splitlines()[-1] == "sources:overdue\thttps://wire.example/feed\tok\t"


async def test_the_sources_of_a_check_are_named_to_whoever_has_the_token(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_id = await add_source(service, "https://user:secret@wire.example/feed")
    async with service.runtime.database.write() as connection:
        failed = {"condition": "failing", "failures": 3, "last_error": "Refused: HTTP 404"}
        await connection.execute(update(sources).where(sources.c.id == source_id).values(failed))
    access = Access.with_token("a-token-of-some-length")
    async with serve(Health(service), Listen(host="127.0.0.1", port=0), access) as address:
        listen = address.removeprefix("http://").removesuffix("/")
        stranger = await ingestd_health(listen)
        monkeypatch.setenv("INGESTD_API_TOKEN", "a-token-of-some-length")
        operator, as_json = await ingestd_health(listen), await ingestd_health(listen, "--json")

    assert "see `ingestd sources list --only failing`" in stranger.out
    assert "wire.example" not in stranger.out
    assert operator.out.splitlines()[-3:] == [
        "", "check\tsource\tcondition\treason",
        "sources:failing\thttps://wire.example/feed\tfailing\tRefused: HTTP 404",
    ]  # fmt: skip
    [check] = json.loads(as_json.out)["checks"]["sources:failing"]
    assert check["affectedEndpoints"] == ["https://wire.example/feed"]


async def test_a_failing_daemon_has_status_1(listen: str, service: Service) -> None:
    service.service_state.last_tick -= 3600

    done = await ingestd_health(listen)

    assert done.status == 1
    assert "fail\tscheduler:lag\t" in done.out


async def test_json_prints_the_report(listen: str, service: Service) -> None:
    done = await ingestd_health(listen, "--json")

    assert json.loads(done.out)["serviceId"] == service.runtime.run_id


async def test_ready_and_live_are_separate_probes(listen: str, service: Service) -> None:
    service.stop()

    ready, live = await asyncio.gather(ingestd_health(listen, "--ready", "--json"), ingestd_health(listen, "--live"))

    assert (ready.status, json.loads(ready.out)) == (1, {"status": "fail", "output": "stopping"})
    assert (live.status, live.out) == (0, "ok\n")


@pytest.mark.parametrize(
    ("listen", "message"),
    [
        pytest.param(
            "127.0.0.1:1",
            "cannot connect to 127.0.0.1:1: start the daemon with `ingestd run`",
            id="no daemon at the port",
        ),
        pytest.param("unix:/nonexistent/s", "cannot connect to unix:/nonexistent/s: start the daemon", id="no socket"),
        pytest.param("127.0.0.1:0", "`listen` has port 0", id="any free port"),
    ],
)
async def test_without_an_answer_the_error_names_the_address(listen: str, message: str) -> None:
    done = await ingestd_health(listen)

    assert (done.status, done.out) == (2, "")
    assert done.error.startswith(f"ingestd: {message}")
    assert done.error.count("\n") == 1


async def test_another_program_at_the_port_is_reported() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nhello")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        done = await ingestd_health(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert (done.status, done.out) == (2, "")
    assert "another program answers there, not ingestd" in done.error


async def test_ready_and_live_exclude_each_other() -> None:
    done = await ingestd_health("127.0.0.1:1", "--ready", "--live")

    assert (done.status, done.error) == (2, "ingestd: give --ready or --live, not both\n")

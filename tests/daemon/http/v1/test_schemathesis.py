"""Schemathesis sends what the description of the API allows, and what it does not: every answer is described."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.daemon.health import Health
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.server import serve
from ingestd.daemon.http.v1.limits import Allowance
from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.pipeline.stories.placer import Placer
from ingestd.settings import Listen
from ingestd.store.consumers import consumers
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from tests.support.outcomes import keep_texts

TOKEN = "a token that is long enough"

#: Examples of each operation; their number in all is bounded by that of the operations.
EXAMPLES = 15

#: Not asked: the stream answers until the client goes; the others would send requests to hosts that are made up.
LEFT_OUT = ["get_stream", "post_sources", "post_consumers_by_name_test"]

#: No request waits for events.  A valid request can be refused for what no schema says, as a number of an event that
#: there is not yet.  The check `refused_by_the_models` is the one that counts: what the description allows, the models
#: must allow.
CONFIG = """
"query.wait" = "0"

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "4xx", 503]
"""

#: What is in the database: paths made up at random name nothing.
EXISTING = """
"path.id" = "1"
"path.name" = "reader"
"path.source" = "wire"
"query.source" = "1"
"""

HOOKS = """
import schemathesis
from schemathesis import GenerationMode

@schemathesis.check
def refused_by_the_models(context, response, case):
    is_valid = case.meta is None or case.meta.generation.mode == GenerationMode.POSITIVE
    if is_valid and response.status_code in (400, 404, 422):
        assert "errors" not in response.json(), response.text
"""


@pytest.mark.parametrize("parameters", ["", EXISTING], ids=["any-names", "existing-names"])
async def test_schemathesis_finds_nothing(runtime: Runtime, tmp_path: Path, parameters: str) -> None:
    await fill(runtime)
    (tmp_path / "schemathesis.toml").write_text("[parameters]" + parameters + CONFIG)
    (tmp_path / "hooks.py").write_text(HOOKS)
    service = Service(runtime, max_polls=1, max_pages=1, per_site=1, placer=Placer(runtime.database))
    access = Access.with_token(TOKEN, allowance=Allowance(rate=1e6, burst=1_000_000))
    async with serve(Health(service), Listen(host="127.0.0.1", port=0), access) as address:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", "run", f"{address}openapi.json",
            "--header", f"Authorization: Bearer {TOKEN}", "--max-examples", str(EXAMPLES),
            "--seed", "1", "--generation-deterministic",
            "--phases", "examples,coverage,fuzzing", "--request-timeout", "60", "--continue-on-failure",
            "--suppress-health-check", "all", "--no-shrink", "--no-color", "--warnings", "off",
            *(word for name in LEFT_OUT for word in ("--exclude-operation-id", name)),
            *(("--mode", "positive") if parameters else ()),  # a given name is never an invalid one
            cwd=tmp_path, env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(tmp_path)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()


async def fill(runtime: Runtime) -> None:
    """Fill a database with sources, records, events, a withheld record, a gap and a failure."""
    database, now = runtime.database, datetime.now(UTC)
    await keep_texts(database, "https://one.example/feed", "Ferry", "Umbrella", "Otter")
    await keep_texts(database, "https://two.example/feed", "Ferry", "Library")
    await Placer(database).place_all()
    async with database.write() as connection:
        await sources.add(connection, "inbox:wire", now=now)
        await consumers.add(connection, name="reader", kind="pull", after=0, now=now)
        await connection.execute(update(tables.records).where(tables.records.c.id == 2).values(pubstatus="withheld"))
        await connection.execute(update(tables.sources).values(watched_since=now, last_success_at=now, failures=1))
        gap = {"source_id": 1, "from_at": now, "to_at": now, "state": "open"}
        await connection.execute(tables.gaps.insert().values(gap))
        failure = {"at": now, "stage": "fetch", "error": "Refused", "message": "HTTP 500", "attempt": 1, "source_id": 1}
        await connection.execute(tables.failures.insert().values(failure))

"""Kills, corrections, embargoes and releases are log lines of their own, without a headline."""

from datetime import timedelta

from structlog.testing import capture_logs

from ingestd.pipeline.embargo_release import release_due
from ingestd.pipeline.runtime import Runtime
from tests.support.agency import add_inbox, let_embargoes_end, ninjs, send

GUID = "urn:newsml:a.example:1"
STATUSES = {"killed", "corrected", "withheld", "released"}


async def test_each_change_of_status_is_a_line_with_guid_and_source(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    with capture_logs() as logs:
        await send(runtime, source, ninjs(GUID, 1, headline="Secret headline", embargoed="2999-01-31T12:00:00Z"))
        await let_embargoes_end(runtime, timedelta(days=400_000))
        await release_due(runtime.database)
        await send(runtime, source, ninjs(GUID, 2, headline="Secret headline", pubstatus="canceled"))

    lines = [line for line in logs if line["event"] in STATUSES]
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("withheld", "info"), ("released", "info"), ("killed", "warning"),
    ]  # fmt: skip
    assert all((line["guid"], line["source"]) == (GUID, "inbox:wire") for line in lines)
    assert "Secret" not in str(lines)


async def test_a_kill_that_is_sent_again_is_logged_once(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    with capture_logs() as logs:
        await send(runtime, source, ninjs(GUID, 1, pubstatus="canceled"))
        await send(runtime, source, ninjs(GUID, 1, pubstatus="canceled"))

    assert [line["event"] for line in logs if line["event"] in STATUSES] == ["killed"]

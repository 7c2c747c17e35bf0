"""Versions that are kills by their words alone withhold their record until an operator decides, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from ingestd.errors import UsageError
from ingestd.pipeline.runtime import Runtime
from ingestd.store.operations.overview import health_figures
from ingestd.store.records import operator_decisions
from ingestd.store.records import records as stored_records
from ingestd.store.schema import tables
from tests.pipeline.test_revisit import revisit, take
from tests.reprocess.test_job import reprocess
from tests.support.agency import NOON, add_inbox, events_of, g2, kinds, ninjs, records_in, revisions_in, send
from tests.support.desk import OTHER, STORY, add, feed, page
from tests.support.newsroom import Newsroom
from tests.support.older import make_by_older_rules

#: Versions 2 that are a kill by their words: of headline or note, without a text or with one of their own.
KILLS: dict[str, dict[str, Any]] = {
    "headline": {"headline": "KILL: Mayor opens ferry"},
    "note": {"ednote": "EDITORS: MANDATORY KILL. He did not."},
    "withdrawn": {"headline": "STORY WITHDRAWN", "body_text": ""},
    "own text": {"headline": "STORY WITHDRAWN: Mayor", "body_text": "The story is withdrawn because it is untrue."},
    "sentence": {"ednote": "This story has been withdrawn. There will be no substitute."},
    "German": {"headline": "EILMELDUNG zurückgezogen"},
    "Spanish": {"headline": "RETIRADA: El alcalde abre el ferry"},
    "French, without a text": {"headline": "ANNULE ET REMPLACE", "body_text": ""},
    "Italian": {"ednote": "La notizia è stata annullata"},
    "slug line": {"slugline": "BC-HN--Ferry, Mandatory Kill"},
}


async def figures(runtime: Runtime) -> int:
    now = datetime.now(UTC)
    async with runtime.database.read() as connection:
        return (
            await health_figures(connection, now=now, late=now, late_claims=now, late_revisits=now)
        ).unconfirmed_kills


async def decide(runtime: Runtime, decision: str, record_id: int = 1) -> None:
    async with runtime.database.write() as connection:
        await getattr(operator_decisions, decision)(
            connection, record_id, actor="jo", reason="called the desk", now=datetime.now(UTC)
        )


@pytest.mark.parametrize("kill", KILLS.values(), ids=KILLS)
async def test_a_kill_in_words_withholds_the_record_until_somebody_decides(
    runtime: Runtime, kill: dict[str, Any]
) -> None:
    source = await add_inbox(runtime)
    with capture_logs() as logged:
        await send(runtime, source, ninjs(version=1), ninjs(version=2, **kill))

    [record] = await records_in(runtime)
    assert (record.pubstatus, record.release_at, record.revision) == ("withheld", None, 2)
    assert kinds(await events_of(runtime)) == ["new", "withheld"]
    assert await figures(runtime) == 1
    [warning] = [line for line in logged if line["event"] == "kill to confirm"]
    assert "records kill 1" in warning["next"]
    async with runtime.database.read() as connection:
        assert await stored_records.newest(connection, limit=9) == []
        [listed] = await stored_records.newest(connection, limit=9, status="unconfirmed")
    assert listed.id == 1


async def test_a_confirmed_kill_cancels_all_revisions(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    await send(runtime, source, ninjs(version=2), ninjs(version=3, headline="STORY WITHDRAWN", body_text=""))

    await decide(runtime, "kill")
    await send(runtime, source, ninjs(version=1), ninjs(version=3, headline="STORY WITHDRAWN", body_text=""))

    [record] = await records_in(runtime)
    assert (record.pubstatus, record.unconfirmed_kill_at) == ("canceled", None)
    assert await revisions_in(runtime) == [(1, "new", "canceled"), (2, "withheld", "canceled"), (3, "late", "canceled")]
    assert kinds(await events_of(runtime)) == ["new", "withheld", "killed"]
    assert await figures(runtime) == 0
    async with runtime.database.read() as connection:
        c = tables.decisions.c
        reasons = (await connection.execute(select(c.reason).where(c.stage == "operator"))).scalars().all()
    assert list(reasons) == ["record 1: killed by jo: called the desk"]
    with pytest.raises(UsageError, match="killed already"):
        await decide(runtime, "kill")
    with pytest.raises(UsageError, match="only a newer version"):
        await decide(runtime, "release")


async def test_a_released_record_stays_released_when_its_version_is_sent_again(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    version = ninjs(version=2, headline="KILL: a film about ferries")
    await send(runtime, source, ninjs(version=1), version)

    await decide(runtime, "release")
    await send(runtime, source, version, ninjs(version=1), version)

    [record] = await records_in(runtime)
    assert (record.pubstatus, record.unconfirmed_kill_at) == ("usable", None)
    assert kinds(await events_of(runtime)) == ["new", "withheld", "released"]
    with pytest.raises(UsageError, match="it is usable"):
        await decide(runtime, "release")


async def test_a_certainly_newer_version_releases_the_record(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    await send(runtime, source, ninjs(version=1), ninjs(version=2, headline="KILL"), ninjs(version=3))

    [record] = await records_in(runtime)
    assert (record.pubstatus, record.unconfirmed_kill_at) == ("usable", None)
    assert kinds(await events_of(runtime)) == ["new", "withheld", "released"]


async def test_an_older_version_that_comes_late_does_not_release_it(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    await send(runtime, source, ninjs(version=2, headline="KILL"), ninjs(version=1))

    [record] = await records_in(runtime)
    assert (record.pubstatus, record.revision) == ("withheld", 1)
    assert kinds(await events_of(runtime)) == ["withheld"]
    assert await figures(runtime) == 1


async def test_the_same_version_without_the_words_from_another_source_does_not_release_it(runtime: Runtime) -> None:
    first, second = await add_inbox(runtime, "folder"), await add_inbox(runtime, "push")
    guid, text = "urn:newsml:harbour.example:1", "The mayor opens the ferry."
    await send(runtime, first, ninjs(guid, 1, created=NOON, body_text=text, ednote="KILL: it is untrue"))

    await send(runtime, second, g2(guid, 1, "Mayor opens ferry", text))

    assert [(r.pubstatus, r.revision) for r in await records_in(runtime)] == [("withheld", 1)]


async def test_a_kill_by_its_status_needs_nobody(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    await send(
        runtime, source, ninjs(version=1), ninjs(version=2, headline="KILL"),
        ninjs(version=3, headline="KILL", pubstatus="canceled"),
    )  # fmt: skip

    assert [(r.pubstatus, r.unconfirmed_kill_at) for r in await records_in(runtime)] == [("canceled", None)]
    assert kinds(await events_of(runtime)) == ["new", "withheld", "killed"]


@pytest.mark.parametrize("version", [3, 4], ids=["same version", "newer"])
async def test_words_of_a_kill_do_not_undo_a_kill(runtime: Runtime, version: int) -> None:
    source = await add_inbox(runtime)
    await send(runtime, source, ninjs(version=1), ninjs(version=3, headline="KILL", pubstatus="canceled"))

    await send(runtime, source, ninjs(version=version, headline="MANDATORY KILL: Ferry", body_text="It is untrue."))

    assert [(r.pubstatus, r.unconfirmed_kill_at) for r in await records_in(runtime)] == [("canceled", None)]
    assert await figures(runtime) == 0
    assert "withheld" not in kinds(await events_of(runtime))


async def test_a_replacement_corrects_and_cancels_what_it_replaces(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    await send(
        runtime, source, ninjs(version=1), ninjs(version=2, body_text="The mayor closes the ferry."),
        ninjs(version=3, headline="ANNULE ET REMPLACE - Le ferry", body_text="Le maire ouvre le ferry."),
    )  # fmt: skip

    assert [(r.pubstatus, r.revision) for r in await records_in(runtime)] == [("usable", 3)]
    assert await revisions_in(runtime) == [(1, "new", "canceled"), (2, "text", "canceled"), (3, "corrected", "usable")]
    assert kinds(await events_of(runtime)) == ["new", "revised", "corrected"]
    assert await figures(runtime) == 0


@pytest.mark.parametrize("headline", ["Kill shelter faces closure", "Retirada israelí", "Troops withdrawn: a report"])
async def test_a_story_about_a_killing_is_published(runtime: Runtime, headline: str) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=1), ninjs(version=2, headline=headline))

    assert [(r.pubstatus, r.revision) for r in await records_in(runtime)] == [("usable", 2)]


async def test_an_operator_releases_an_embargo_before_its_end_and_kills_any_record(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await send(runtime, source, ninjs(version=1, embargoed=tomorrow))

    await decide(runtime, "release")
    assert [(r.pubstatus, r.release_at) for r in await records_in(runtime)] == [("usable", None)]
    await decide(runtime, "kill")

    assert kinds(await events_of(runtime)) == ["withheld", "released", "killed"]
    assert [r.pubstatus for r in await records_in(runtime)] == ["canceled"]


async def is_killed(runtime: Runtime) -> None:
    assert [record.pubstatus for record in await records_in(runtime)] == ["canceled"]
    assert [status for _, _, status in await revisions_in(runtime)] == ["canceled"] * 2
    async with runtime.database.read() as connection:
        assert await stored_records.newest(connection, limit=9) == []


async def test_a_revisit_does_not_undo_an_operators_kill(newsroom: Newsroom, runtime: Runtime) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    await decide(runtime, "kill")
    newsroom.publish("/a", body=page("Ferry runs again", OTHER), content_type="text/html")

    await revisit(runtime)

    await is_killed(runtime)


async def test_other_rules_do_not_undo_an_operators_kill(newsroom: Newsroom, runtime: Runtime) -> None:
    link = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(link)))
    await make_by_older_rules(runtime)
    await decide(runtime, "kill")

    await reprocess(runtime)

    await is_killed(runtime)

"""Reprocessing of records that older rules extracted, on both databases and in real worker processes."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from ingestd.archive.off import DisabledArchive
from ingestd.model.article import Article
from ingestd.pipeline.runtime import Runtime
from ingestd.policy.articles.recurrence import LINE_ARTICLES
from ingestd.reprocess.job import Reprocess, ReprocessResult
from ingestd.store.operations import decisions, overview
from ingestd.store.records import records, reprocessing
from ingestd.store.records.content import unpacked
from ingestd.store.records.export import export
from ingestd.store.records.reprocessing import Selection
from ingestd.store.records.search import search
from ingestd.store.schema import tables
from tests.support.archived import damage_document
from tests.support.desk import OTHER, STORY, add, feed, page, poll_all
from tests.support.newsroom import Newsroom
from tests.support.older import OLDER, PROMPT, change, make_by_older_rules, with_prompt


def job(runtime: Runtime, **changes: Any) -> Reprocess:
    values: dict[str, Any] = {
        "database": runtime.database,
        "archive": runtime.archive,
        "pool": runtime.pool,
        "processes": 2,
        "dry_run": False,
    }
    return Reprocess(**(values | changes))


async def reprocess(runtime: Runtime, **wanted: Any) -> ReprocessResult:
    """Reprocess the records that the current rules have not extracted."""
    work = job(runtime)
    rules = (await work.current_extractor()).rules
    return await work.run(Selection(**({"except_rules": rules} | wanted)))


async def publish(newsroom: Newsroom, runtime: Runtime, **pages: bytes) -> dict[str, str]:
    """Publish pages and a feed of them that is a source; return the URLs of the pages."""
    links = {name: newsroom.publish(f"/{name}", body=body, content_type="text/html") for name, body in pages.items()}
    await add(runtime, newsroom.publish("/feed.xml", body=feed(*links.values())))
    return links


async def rows(runtime: Runtime, table: Any) -> list[dict[str, Any]]:
    async with runtime.database.read() as connection:
        order = list(table.primary_key.columns)
        found = (await connection.execute(select(table).order_by(*order))).all()
    return [unpacked(row) if table is tables.revisions else dict(row._mapping) for row in found]


async def everything(runtime: Runtime) -> dict[str, Any]:
    """Return all rows of all tables except `runs`."""
    return {name: await rows(runtime, table) for name, table in tables.metadata.tables.items() if name != "runs"}


async def current(runtime: Runtime, record_id: int = 1) -> Article:
    async with runtime.database.read() as connection:
        return (await records.find(connection, str(record_id))).article


async def test_text_of_older_rules_is_replaced_by_that_of_current_ones(newsroom: Newsroom, runtime: Runtime) -> None:
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY))
    await make_by_older_rules(runtime)
    before, asked = await rows(runtime, tables.revisions), len(newsroom.requests)

    tally = await reprocess(runtime)

    assert (tally.looked_at, tally.changed, tally.unchanged, tally.failed) == (1, 1, 0, [])
    assert set(tally.fields) == {"body_text"}
    first, second = await rows(runtime, tables.revisions)
    assert [first] == before
    assert (first["extractor"], first["rules"]) == (OLDER["extractor"], OLDER["rules"])
    assert (second["change"], second["revision"], second["body_text"]) == ("reprocessed", 2, STORY)
    assert second["rules"] == (await job(runtime).current_extractor()).rules
    same = ("raw", "entry_id", "fragment", "page_url", "content_type")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    assert len(newsroom.requests) == asked


async def test_the_new_text_is_read_searched_and_exported(newsroom: Newsroom, runtime: Runtime) -> None:
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY))
    await make_by_older_rules(runtime)

    await reprocess(runtime)

    async with runtime.database.read() as connection:
        assert await search(connection, "newsletter", limit=5) == []
        [found] = await search(connection, "harbour", limit=5)
    exported = [record async for record in export(runtime.database)]
    assert (found.revision, found.article.body_text) == (2, STORY)
    assert [record.article.body_text for record in exported] == [STORY]


async def test_reprocessing_is_an_event_of_its_own_kind_and_not_news(newsroom: Newsroom, runtime: Runtime) -> None:
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY))
    await make_by_older_rules(runtime)
    [record], sources = await rows(runtime, tables.records), await rows(runtime, tables.sources)
    async with runtime.database.read() as connection:
        counts = await overview.summary(connection)

    await reprocess(runtime)

    events = await rows(runtime, tables.events)
    assert [(event["seq"], event["kind"], event["revision"]) for event in events] == [
        (1, "new", 1),
        (2, "reprocessed", 2),
    ]
    [after] = await rows(runtime, tables.records)
    assert (after["revision"], after["updated_at"]) == (2, record["updated_at"])
    assert await rows(runtime, tables.sources) == sources
    async with runtime.database.read() as connection:
        assert await overview.summary(connection) == counts


async def test_the_record_is_known_by_both_texts_and_the_next_poll_revises_nothing(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    links = await publish(newsroom, runtime, a=page("Ferry runs again", STORY))
    await make_by_older_rules(runtime)

    await reprocess(runtime)

    hashes = {row["content_hash"] for row in await rows(runtime, tables.revisions)}
    assert {row["content_hash"]: row["record_id"] for row in await rows(runtime, tables.texts)} == dict.fromkeys(
        hashes, 1
    )
    assert len(hashes) == 2
    newsroom.publish("/feed.xml", body=feed(links["a"], stamp="2026-01-31T13:00:00Z"))
    await poll_all(runtime)
    assert len([request for request in newsroom.requests if request.path == "/a"]) == 2
    assert len(await rows(runtime, tables.revisions)) == 2


async def test_a_second_run_selects_nothing(newsroom: Newsroom, runtime: Runtime) -> None:
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY), b=page("Too many umbrellas", OTHER))
    await make_by_older_rules(runtime, lambda article: with_prompt(article) if STORY in article.body_text else article)

    first = await reprocess(runtime)
    kept = await everything(runtime)
    second, all_of_them = await reprocess(runtime), await reprocess(runtime, except_rules=None)

    assert (first.looked_at, first.changed, first.unchanged) == (2, 1, 1)
    assert second.looked_at == 0
    assert (all_of_them.looked_at, all_of_them.changed) == (2, 0)
    assert await everything(runtime) == kept


async def test_records_of_the_current_rules_are_skipped(newsroom: Newsroom, runtime: Runtime) -> None:
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY))
    await poll_all(runtime)

    assert (await reprocess(runtime)).looked_at == 0
    assert (await reprocess(runtime, except_rules=None)).unchanged == 1


async def test_a_dry_run_reports_the_same_and_writes_nothing(newsroom: Newsroom, runtime: Runtime) -> None:
    # The new text of one record is the text that the other has had from the start.
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY), b=page("Ferry is back", STORY))
    await make_by_older_rules(runtime, lambda one: with_prompt(one) if one.headline == "Ferry is back" else one)
    kept = await everything(runtime)

    said = await job(runtime, dry_run=True).run(Selection())
    assert await everything(runtime) == kept
    done = await reprocess(runtime)

    assert (said.changed, dict(said.fields), said.same_text) == (1, {"body_text": 1}, {2: 1})
    assert (done.changed, done.fields, done.same_text) == (said.changed, said.fields, said.same_text)
    assert done.shorter == said.shorter


async def test_two_records_with_the_same_new_text_are_reported(newsroom: Newsroom, runtime: Runtime) -> None:
    links = await publish(newsroom, runtime, a=page("Ferry runs again", STORY), b=page("Ferry is back", STORY))
    await make_by_older_rules(
        runtime,
        lambda article: change(article, body_text=f"{article.body_text}\n\nRead more about: {article.headline}."),
    )

    tally = await reprocess(runtime)

    assert tally.changed == 2
    assert len(tally.same_text) == 1
    [(record_id, other)] = tally.same_text.items()
    entry_id = (await rows(runtime, tables.records))[record_id - 1]["origin_entry_id"]
    async with runtime.database.read() as connection:
        history = {step["verdict"]: step["reason"] for step in await decisions.history(connection, entry_id)}
    assert f"record {record_id}: record {other} has this text as well" in history["merge"]
    assert "rules" in history["reprocessed"]
    newsroom.publish("/feed.xml", body=feed(*links.values(), stamp="2026-01-31T13:00:00Z"))
    await poll_all(runtime)
    assert [row["revision"] for row in await rows(runtime, tables.records)] == [2, 2]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(lambda _: None, "missing: ", id="missing"),
        pytest.param(lambda data: data[:100] + bytes(8) + data[108:], "damaged: ", id="damaged"),
        pytest.param(lambda data: data[:-8], "damaged: ", id="cut-short"),
    ],
)
async def test_unreadable_raw_bytes_are_reported_and_change_nothing(
    newsroom: Newsroom, runtime: Runtime, tmp_path: Path, damage: Any, said: str
) -> None:
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY), b=page("Too many umbrellas", OTHER))
    await make_by_older_rules(runtime)
    raw = next(row["raw"] for row in await rows(runtime, tables.revisions) if STORY in row["body_text"])
    damage_document(tmp_path / "archive", raw, damage)

    tally = await reprocess(runtime)

    assert (tally.looked_at, tally.changed) == (2, 1)
    [left] = tally.failed
    assert left.reason.startswith(said)
    assert PROMPT in (await current(runtime, left.record_id)).body_text
    assert (await reprocess(runtime)).looked_at == 1  # the raw bytes may be restored from a backup


async def test_raw_bytes_that_were_not_archived_are_reported(newsroom: Newsroom, runtime: Runtime) -> None:
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY))
    await make_by_older_rules(runtime)
    rules = (await job(runtime).current_extractor()).rules

    off = await job(runtime, archive=DisabledArchive()).run(Selection(except_rules=rules))
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.revisions).values(raw=None))
    never = await reprocess(runtime)

    assert [left.reason for left in never.failed] == ["its raw bytes were not archived"]
    assert "the archive is off" in off.failed[0].reason


async def test_a_page_without_an_article_is_reported_and_its_record_stays(newsroom: Newsroom, runtime: Runtime) -> None:
    await publish(newsroom, runtime, a=page("Ferry runs again", "Log in."))
    await make_by_older_rules(runtime, no_article=Article(headline="Ferry runs again", body_text="Log in to read on."))
    kept = await everything(runtime)

    tally = await reprocess(runtime)

    assert (tally.looked_at, tally.changed, tally.failed) == (1, 0, [])
    assert [left.record_id for left in tally.without_article] == [1]
    assert await everything(runtime) == kept


async def test_the_feed_is_a_witness_again(newsroom: Newsroom, runtime: Runtime) -> None:
    """Fields that only the feed gives are kept."""
    link = newsroom.publish("/a", body=f"<p>{STORY}</p>".encode(), content_type="text/html")
    entry = (
        f"<entry><id>1</id><title>Ferry runs again</title><link href='{link}'/><author><name>Ada Quay</name></author>"
        "<published>2026-01-31T12:00:00Z</published><updated>2026-01-31T13:00:00Z</updated></entry>"
    )
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id><title>F</title>{entry}</feed>".encode()
    await add(runtime, newsroom.publish("/feed.xml", body=body))
    await make_by_older_rules(runtime)

    tally = await reprocess(runtime)

    assert set(tally.fields) == {"body_text"}
    article = await current(runtime)
    assert (article.headline, article.authors) == ("Ferry runs again", ("Ada Quay",))
    assert article.firstcreated == datetime(2026, 1, 31, 12, tzinfo=UTC)


async def test_an_entrys_own_content_is_reprocessed_from_its_own_bytes(newsroom: Newsroom, runtime: Runtime) -> None:
    """Two entries of one document, each with its full text; no page was ever fetched."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>Story {number}</title><author>Ada Quay</author>"
        f"<description>&lt;p&gt;{text}&lt;/p&gt;&lt;ul&gt;&lt;li&gt;one&lt;/li&gt;&lt;/ul&gt;</description></item>"
        for number, text in enumerate((STORY, OTHER))
    )
    document = f"<rss version='2.0'><channel><title>F</title>{items}</channel></rss>".encode()
    await add(runtime, newsroom.publish("/feed.xml", body=document))
    await make_by_older_rules(runtime)

    tally = await reprocess(runtime)

    assert (tally.changed, set(tally.fields)) == (2, {"body_text"})
    assert [(await current(runtime, number)).body_text for number in (1, 2)] == [
        f"{text}\n\none" for text in (STORY, OTHER)
    ]
    assert (await current(runtime, 1)).headline == "Story 0"
    assert [row["uri"] for row in await rows(runtime, tables.records)] == [None, None]


async def test_a_page_is_read_with_its_header_and_its_url_after_redirects(newsroom: Newsroom, runtime: Runtime) -> None:
    """Only the header gives the charset, and only the redirect the URL."""
    body = page("Prom płynie", STORY, "Prom płynie znów przez cieśninę, źródło łodzi.").decode().replace("lang=en", "")
    body = body.replace("</head>", f"<link rel=canonical href='{newsroom.url('/well/known')}'></head>")
    body = body.replace("</h1>", "</h1><figure><img src='ferry.jpg'><figcaption>A ferry</figcaption></figure>")
    newsroom.publish("/deep/story", body=body.encode("iso-8859-2"), content_type="text/html; charset=iso-8859-2")
    link = newsroom.publish("/a", status=302, Location="/deep/story")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(link)))
    await make_by_older_rules(runtime, lambda article: article)

    tally = await reprocess(runtime)

    assert (tally.looked_at, tally.unchanged, dict(tally.fields)) == (1, 1, {})
    [record] = await rows(runtime, tables.records)
    assert record["uri"] == newsroom.url("/well/known")
    article = await current(runtime)
    assert "przez cieśninę" in article.body_text
    assert article.associations[0].href == newsroom.url("/deep/ferry.jpg")


async def test_revisions_without_a_page_url_are_read_at_their_uri(newsroom: Newsroom, runtime: Runtime) -> None:
    """Rows from before the schema had the columns."""
    picture = b"</h1><figure><img src='ferry.jpg'><figcaption>A ferry</figcaption></figure>"
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY).replace(b"</h1>", picture))
    await make_by_older_rules(runtime)
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.revisions).values(page_url=None, content_type=None, rules=None))
        await connection.execute(update(tables.records).values(rules=None))

    tally = await reprocess(runtime)

    assert (tally.changed, set(tally.fields), tally.failed) == (1, {"body_text"}, [])
    assert (await current(runtime)).associations[0].href == newsroom.url("/ferry.jpg")


async def test_dates_are_judged_as_of_the_day_the_bytes_came(newsroom: Newsroom, runtime: Runtime) -> None:
    dated = page("Ferry runs again", STORY).replace(
        b"<title>", b"<meta property='article:published_time' content='2026-01-31T12:00:00Z'><title>"
    )
    await publish(newsroom, runtime, a=dated)
    newsroom.publish("/feed.xml", body=feed(newsroom.url("/a"), stamp="2025-11-30T12:00:00Z"))
    await make_by_older_rules(runtime)
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.raws).values(seen_at=datetime(2025, 12, 1, tzinfo=UTC)))

    await reprocess(runtime)

    assert (await current(runtime)).firstcreated is None


async def test_only_selected_records_are_reprocessed(newsroom: Newsroom, runtime: Runtime) -> None:
    here = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    newsroom.publish("/b", body=page("Too many umbrellas", OTHER), content_type="text/html")
    there = newsroom.url("/b", host="localhost")
    for name, link in (("one", here), ("two", there)):
        await add(runtime, newsroom.publish(f"/{name}.xml", body=feed(link)))
    await make_by_older_rules(runtime)
    [of_two] = [row["record_id"] for row in await rows(runtime, tables.carriers) if row["source_id"] == 2]
    later = datetime.now(UTC) + timedelta(hours=1)

    async def looked_at(**wanted: Any) -> list[int]:
        async with runtime.database.read() as connection:
            return await reprocessing.selected_ids(connection, Selection(**wanted))

    assert await looked_at(site="localhost") == [of_two]
    assert await looked_at(source_id=2) == [of_two]
    assert await looked_at(source_id=2, site="127.0.0.1") == []
    assert await looked_at(since=later) == []
    assert await looked_at(since=later - timedelta(days=1)) == [1, 2]
    assert await looked_at(limit=1) == [1]
    assert await looked_at(except_rules=OLDER["rules"]) == []
    assert (await reprocess(runtime, site="localhost")).changed == 1
    assert PROMPT not in (await current(runtime, of_two)).body_text
    assert PROMPT in (await current(runtime, 3 - of_two)).body_text


async def test_a_record_revised_meanwhile_is_left_alone(newsroom: Newsroom, runtime: Runtime) -> None:
    links = await publish(newsroom, runtime, a=page("Ferry runs again", STORY))
    await make_by_older_rules(runtime)
    async with runtime.database.read() as connection:
        looked_at = await reprocessing.current_revisions(connection, [1])
    corrected = STORY.replace("Monday", "Tuesday")
    newsroom.publish("/a", body=page("Ferry runs again", corrected), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(links["a"], stamp="2026-01-31T13:00:00Z"))
    await poll_all(runtime)

    for changed in (("body_text",), ()):
        remade = reprocessing.ReprocessedRevision(
            current=looked_at[0], article=change(looked_at[0].article, body_text=STORY), content_hash="0" * 64,
            changed=changed, **{**OLDER, "rules": "cba987654321"},
        )  # fmt: skip
        async with runtime.database.write() as connection:
            written = await reprocessing.save(connection, [remade], at=datetime.now(UTC))
        assert (written.revised, written.overtaken) == (frozenset(), frozenset([1] if changed else []))

    assert [row["change"] for row in await rows(runtime, tables.revisions)] == ["new", "text"]
    assert (await current(runtime)).body_text == corrected
    assert (await reprocess(runtime)).looked_at == 0  # the daemon's revision is by the current rules


async def test_two_concurrent_runs_save_one_revision(newsroom: Newsroom, runtime: Runtime) -> None:
    await publish(newsroom, runtime, a=page("Ferry runs again", STORY), b=page("Too many umbrellas", OTHER))
    await make_by_older_rules(runtime)

    one, two = await asyncio.gather(reprocess(runtime), reprocess(runtime))

    assert one.changed + two.changed == 2
    assert [row["revision"] for row in await rows(runtime, tables.records)] == [2, 2]
    assert len(await rows(runtime, tables.events)) == 4


async def test_the_sample_is_bounded_and_shorter_texts_are_reported(newsroom: Newsroom, runtime: Runtime) -> None:
    pages = {f"p{number}": page(f"Story {number}", f"{number}: {STORY}") for number in range(5)}
    await publish(newsroom, runtime, **pages)
    await make_by_older_rules(runtime)

    work = job(runtime, sample=2, dry_run=True)
    tally = await work.run(Selection())

    assert (work.total, tally.looked_at, tally.changed) == (5, 5, 5)
    assert len({one.current.record_id for one in tally.sample}) == 2
    assert {one.before - one.after for one in tally.shorter} == {len(PROMPT) + 2}
    assert json.dumps(sorted(one.record_id for one in tally.shorter)) == "[1, 2, 3, 4, 5]"


async def test_repeated_lines_of_the_site_are_removed_as_known_today(newsroom: Newsroom, runtime: Runtime) -> None:
    motto = "Have a tip for the desk of the Courier? Write to us at Harrow Bay"
    pages = {
        f"p{number}": page(f"Story {number}", f"{number} {STORY}", motto, f"{number} {OTHER}")
        for number in range(LINE_ARTICLES)
    }
    links = await publish(newsroom, runtime, **pages)
    await poll_all(runtime)
    assert motto in (await current(runtime)).body_text

    of_others, of_all = await reprocess(runtime), await reprocess(runtime, except_rules=None)
    again = await reprocess(runtime, except_rules=None)
    newsroom.publish("/feed.xml", body=feed(*links.values(), stamp="2026-01-31T13:00:00Z"))
    figures = await poll_all(runtime)

    assert (of_others.looked_at, of_all.changed, again.changed) == (0, LINE_ARTICLES, 0)
    assert motto not in (await current(runtime)).body_text
    assert (figures["records"], figures["revisions"]) == (LINE_ARTICLES, LINE_ARTICLES)
    assert len(await rows(runtime, tables.revisions)) == 2 * LINE_ARTICLES


async def test_a_daemon_with_older_rules_does_not_revise_a_reprocessed_record(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    links = await publish(newsroom, runtime, a=page("Ferry runs again", STORY))
    await make_by_older_rules(runtime)
    await reprocess(runtime)
    kept = await rows(runtime, tables.revisions), await rows(runtime, tables.events)
    newsroom.publish("/feed.xml", body=feed(links["a"], stamp="2026-01-31T13:00:00Z"))

    await make_by_older_rules(runtime)

    assert len([request for request in newsroom.requests if request.path == "/a"]) == 2
    assert (await rows(runtime, tables.revisions), await rows(runtime, tables.events)) == kept
    newsroom.publish("/a", body=page("Ferry runs again", STORY.replace("Monday", "Tuesday")), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(links["a"], stamp="2026-01-31T14:00:00Z"))
    await poll_all(runtime)
    assert [row["change"] for row in await rows(runtime, tables.revisions)] == ["new", "reprocessed", "text"]

"""/v1/records: lists of records, and one record with its revisions."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from ingestd.daemon.http.v1.paging import encode
from ingestd.model.article import Agency, Article
from ingestd.store import tokens
from ingestd.store.records import operator_decisions
from tests.daemon.http.v1.api import Api
from tests.support.outcomes import NOON, claimed, claimed_again, keep, keep_texts, saved
from tests.support.stories import cut, publish, report


async def kill(api: Api, record_id: int) -> None:
    async with api.database.write() as connection:
        await operator_decisions.kill(connection, record_id, actor="test", reason=None, now=NOON + timedelta(days=1))


async def revised(api: Api, *texts: str) -> None:
    """Save a record whose revisions have these texts, an hour apart."""
    [work] = await claimed(api.database, "https://revised.example/feed", 1)
    for number, text in enumerate(texts):
        if number:
            work = await claimed_again(api.database, work)
        article = Article(headline=text, body_text=text, uri="https://revised.example/ferry?id=1")
        await keep(api.database, [saved(work, article, at=NOON + timedelta(hours=number))])


async def test_records_are_listed_as_the_command_lists_them(api: Api) -> None:
    await keep_texts(api.database, "https://one.example/feed", "Ferry", "Umbrella", "Otter")

    listed = await api.command("records", "list")

    assert await api.value("/v1/records") == listed
    assert await api.pages("/v1/records", limit=1) == listed


async def test_a_page_that_follows_keeps_what_was_asked_for(api: Api) -> None:
    await keep_texts(api.database, "https://one.example/feed?a=1&b=ü", "Ferry", "Umbrella", "Otter")
    await keep_texts(api.database, "https://two.example/feed", "Bridge")

    found = await api.pages("/v1/records", limit=1, source="https://one.example/feed?a=1&b=ü", form="thin")

    assert [(one["id"], one["headline"], one["carriers"]) for one in found] == [
        (3, "Otter", 1), (2, "Umbrella", 1), (1, "Ferry", 1)
    ]  # fmt: skip


async def test_records_are_searched_as_the_command_searches(api: Api) -> None:
    await keep_texts(api.database, "https://one.example/feed", "Ferry sinks", "Umbrella", "Ferry found")

    assert await api.pages("/v1/records", q="ferry", limit=1) == await api.command("records", "search", "ferry")


async def test_records_of_an_agency(api: Api) -> None:
    works = await claimed(api.database, "https://one.example/feed", 2)
    agency = Agency(code="AP", name="Associated Press", role="origin", evidence=(("dateline", "(AP)"),))
    other = Article(headline="Ferry", body_text="Ferry", agencies=(agency,))
    await keep(api.database, [saved(works[0], "Umbrella"), saved(works[1], other)])

    found = [await api.value("/v1/records", agency=name) for name in ("AP", "associated press", "Reuters")]

    assert [[one["headline"] for one in some] for some in found] == [["Ferry"], ["Ferry"], []]


async def test_records_say_what_story_they_are_in(api: Api) -> None:
    await publish(api.database, "https://apnews.com/feed", report(1))
    await publish(api.database, "https://paper.example/feed", cut(report(1), 4), at=NOON + timedelta(hours=1))
    assert api.service.placer
    await api.service.placer.place_all()

    first, second = await api.pages("/v1/records", story=1, limit=1)

    assert (first["story"], first["copy_of"], first["origin_record"]) == (1, 1, 1)
    assert first["share"] > 0.9
    assert (second["id"], second["story"]) == (1, 1)
    assert await api.value("/v1/records", story=2) == []


async def test_records_since_an_event_and_until_a_time(api: Api) -> None:
    await keep_texts(api.database, "https://one.example/feed", "Ferry", "Umbrella")
    await keep_texts(api.database, "https://two.example/feed", "Otter", at=NOON + timedelta(hours=1))

    found = [
        await api.value("/v1/records", form="thin", **query)
        for query in (
            {"since": 1}, {"since": 1, "until": 2}, {"since": "2026-01-31T12:30:00Z"}, {"until": "2026-01-31T12:30Z"},
        )
    ]  # fmt: skip

    assert [[one["id"] for one in some] for some in found] == [[3, 2], [2], [3], [2, 1]]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"cursor": "nonsense!"}, "cursor is not of this list; take it from the Link header of the page before"),
        ({"cursor": "ü"}, "cursor is not of this list"),
        ({"cursor": encode([1])}, "cursor is not of this list"),
        ({"cursor": encode([10**18 - 1, 1])}, "cursor is not of this list"),
        ({"cursor": encode([NOON, 1]), "q": "ferry"}, "cursor is not of this list"),
        ({"limit": 501}, "limit should be less than or equal to 500"),
        ({"status": "dead"}, "status should be 'usable', 'withheld', 'canceled' or 'all'"),
        ({"q": "ferry", "status": "all"}, "q finds only usable records: leave out status, or add include_withheld"),
        ({"form": "nitf"}, "form should be 'thin', 'full' or 'ninjs'"),
    ],
)
async def test_a_wrong_parameter_is_a_problem(api: Api, query: dict[str, Any], detail: str) -> None:
    answer = await api.get("/v1/records", **query)

    assert answer.status == 400
    assert answer.value["detail"].startswith(detail)


async def test_a_source_that_does_not_exist_is_not_found(api: Api) -> None:
    answer = await api.get("/v1/records", source=9)

    assert (answer.status, answer.value["detail"]) == (404, "no source 9; `GET /v1/sources` shows all sources")


async def test_a_record_is_shown_as_the_command_shows_it(api: Api) -> None:
    await revised(api, "Ferry sinks", "Ferry found")
    shown = await api.command("records", "show", 1)

    assert await api.value("/v1/records/1") == shown
    assert await api.value(f"/v1/records/{quote(shown['uri'], safe='')}") == shown
    assert await api.value(f"/v1/records/{shown['guid']}") == shown
    revisions = await api.command("records", "show", 1, "--revisions")
    assert await api.value("/v1/records/1/revisions") == revisions
    assert await api.pages("/v1/records/1/revisions", limit=1) == revisions
    assert await api.value("/v1/records/1/carriers") == shown["carriers"]
    assert (await api.value("/v1/records/1", form="thin"))["headline"] == "Ferry found"
    assert (await api.value("/v1/records/1", form="ninjs"))["headlines"][0]["value"] == "Ferry found"


async def test_a_record_as_it_was(api: Api) -> None:
    await revised(api, "Ferry sinks", "Ferry found")

    assert (await api.value("/v1/records/1", as_of="2026-01-31T12:30:00Z"))["headline"] == "Ferry sinks"
    assert (await api.value("/v1/records/1", as_of="2026-01-31T13:00:00Z"))["headline"] == "Ferry found"
    assert len(await api.value("/v1/records/1/revisions", as_of="2026-01-31T12:00:00Z")) == 1
    answer = await api.get("/v1/records/1", as_of="2026-01-31T11:00:00Z")
    assert answer.status == 404
    assert "did not exist" in answer.value["detail"]


async def test_what_a_revision_changed(api: Api) -> None:
    await revised(api, "Ferry sinks", "Ferry found", "Ferry lost")

    last = await api.value("/v1/records/1/diff")
    whole = await api.value("/v1/records/1/diff", from_=1, to=3)
    [_, difference] = await api.command("records", "show", 1, "--diff")

    assert (last["from"], last["to"], last["diff"]) == (2, 3, difference["diff"])
    assert (whole["from"], whole["to"]) == (1, 3)
    assert {"-Ferry sinks", "+Ferry lost"} <= set(whole["diff"])
    answer = await api.get("/v1/records/1/diff", to=4)
    assert (answer.status, answer.value["detail"]) == (404, "record 1 has no revision 4; its last one is 3")


async def test_what_is_killed_is_shown_to_who_asks_for_it_and_that_is_logged(api: Api) -> None:
    await revised(api, "Ferry sinks", "Ferry found")
    await kill(api, 1)
    paths = ("/v1/records/1", "/v1/records/1/revisions", "/v1/records/1/diff", "/v1/records/1/carriers")

    hidden = [await api.value(path) for path in paths]
    hidden += [await api.value("/v1/records", status="canceled", form=form) for form in ("thin", "full", "ninjs")]
    hidden += [await api.value("/v1/records/1", form=form) for form in ("thin", "full", "ninjs")]
    with capture_logs() as logged:
        shown = [await api.value(path, include_withheld="true") for path in paths]

    assert await api.value("/v1/records") == []
    assert hidden[0] == await api.command("records", "show", 1)
    assert [text for text in map(str, hidden) if "Ferry" in text or "revised.example/feed/0" in text] == []
    assert ["Ferry" in str(one) for one in shown] == [True, True, True, False]
    assert [line["event"] for line in logged].count("withheld content shown") == 4
    killed = await api.value("/v1/records", status="canceled", q="ferry", include_withheld="true")
    assert [one["headline"] for one in killed] == ["Ferry found"]


async def test_an_answer_that_did_not_change_is_not_sent_again(api: Api) -> None:
    await revised(api, "Ferry sinks")
    answer = await api.get("/v1/records/1")

    async with api.client.get("/v1/records/1", headers={"If-None-Match": answer.headers["ETag"]}) as again:
        assert again.status == 304


async def test_a_token_with_a_filter_sees_what_that_lets_through(api: Api) -> None:
    await keep_texts(api.database, "https://one.example/feed", "Ferry sinks", "Umbrella")
    await keep_texts(api.database, "https://two.example/feed", "Ferry found")
    async with api.database.write() as connection:
        _, token = await tokens.add(
            connection, "customer", role="admin", filter="site:one.example ferry", now=datetime.now(UTC)
        )

    statuses = [
        (await api.get(f"/v1/records/{path}", token=token)).status
        for path in ("1", "2", "3", "1/revisions", "2/revisions", "2/diff", "3/carriers")
    ]

    assert [one["id"] for one in await api.pages("/v1/records", token=token, limit=1)] == [1]
    assert [one["id"] for one in await api.pages("/v1/records", token=token, q="found")] == []
    assert statuses == [200, 404, 404, 200, 404, 404, 404]
    hidden, absent = [await api.get(f"/v1/records/{number}", token=token) for number in (2, 9)]
    assert hidden.value["detail"].replace("2", "9") == absent.value["detail"]
    assert [one["id"] for one in await api.value("/v1/sources", token=token)] == [1]


async def test_records_are_chosen_by_a_filter(api: Api) -> None:
    await keep_texts(api.database, "https://one.example/feed", "Ferry sinks", "Umbrella")

    assert [one["id"] for one in await api.pages("/v1/records", filter="NOT ferry", limit=1)] == [2]
    of_events = await api.get("/v1/records", filter="kind:new ferry")
    assert of_events.status == 400
    assert "leave `kind:` out" in of_events.value["detail"]
    wrong = await api.get("/v1/records", filter="colour:red")
    assert wrong.status == 400

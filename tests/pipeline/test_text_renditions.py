"""Items whose text is by reference, as AP's API lists them: fetched with the source's login, on both databases."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ingestd.pipeline.runtime import Runtime
from ingestd.store.records.records import article_or_headline
from ingestd.store.schema import tables
from ingestd.web.logins import Login
from tests.support.agency import records_in, revisions_in
from tests.support.desk import add, open_desk, poll_all
from tests.support.newsroom import Answer, Newsroom

FERRY = "The ferry runs again from Monday."


def nitf(text: str = FERRY, *, head: str = "") -> bytes:
    paragraphs = f"<body.content><block><p>{text}</p></block></body.content>" if text else ""
    return f"<nitf><head>{head}</head><body>{paragraphs}</body></nitf>".encode()


def item(version: int, *hrefs: str, guid: str = "abc7", minute: int | None = None, **more: Any) -> dict[str, Any]:
    """Return an item with renditions "nitf" and "anpa" at these addresses."""
    names = zip(("nitf", "anpa"), hrefs, strict=False)
    return {
        "altids": {"itemid": guid}, "version": version, "type": "text", "pubstatus": "usable", "language": "en",
        "versioncreated": f"2026-03-01T11:{version if minute is None else minute:02}:00Z",
        "headline": f"Ferry {version}", "provider": "HN", "renditions": {name: {"href": href} for name, href in names},
        **more,
    }  # fmt: skip


def listing(*items: dict[str, Any]) -> bytes:
    return json.dumps({"data": {"items": [{"item": one} for one in items]}}).encode()


async def texts(runtime: Runtime) -> list[tuple[str, str]]:
    """Return headline and text of every revision, in order."""
    c = tables.revisions.c
    async with runtime.database.read() as connection:
        rows = await connection.execute(select(c).order_by(c.record_id, c.revision))
        articles = [article_or_headline(row, None) for row in rows]
    return [(article.headline or "", article.body_text) for article in articles]


async def states(runtime: Runtime) -> list[str]:
    async with runtime.database.read() as connection:
        return list((await connection.execute(select(tables.entries.c.state))).scalars())


def asked(newsroom: Newsroom) -> list[str]:
    found = [request.path for request in newsroom.requests]
    newsroom.requests.clear()
    return found


async def test_an_item_is_saved_with_its_text(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/7.nitf", body=nitf(head="<docdata><date.release norm='20260301T120000Z'/></docdata>"))
    await add(runtime, newsroom.publish("/list", body=listing(item(1, "/7.nitf"))))

    figures = await poll_all(runtime)
    again = await poll_all(runtime)

    assert (figures["records"], figures["pending"], again["revisions"]) == (1, 0, 1)
    assert await texts(runtime) == [("Ferry 1", FERRY)]
    [record] = await records_in(runtime)
    assert (record.item_guid, record.pubstatus) == ("abc7", "usable")
    assert asked(newsroom) == ["/list", "/7.nitf", "/list"]
    async with runtime.database.read() as connection:
        kinds = (await connection.execute(select(tables.revisions.c.raw, tables.revisions.c.extractor))).all()
        assert kinds == [(kinds[0].raw, "ap-media")]
        assert kinds[0].raw is not None


@pytest.mark.parametrize(
    ("login", "query"),
    [
        pytest.param("basic desk secret", "", id="basic"),
        pytest.param("bearer token", "", id="bearer"),
        pytest.param("header X-Api-Key secret", "", id="header"),
        pytest.param("query apikey secret", "?apikey=secret", id="query"),
    ],
)
async def test_the_text_is_fetched_with_the_login_of_the_source(
    newsroom: Newsroom, database_url: str, tmp_path: Path, login: str, query: str
) -> None:
    newsroom.publish("/7.nitf", body=nitf())
    newsroom.publish("/robots.txt", body=b"User-agent: *\nDisallow: /\n", content_type="text/plain")
    url = newsroom.publish("/list", body=listing(item(1, newsroom.url("/7.nitf") + query)))
    logins = (Login.parse(f"{newsroom.url('')} {login}"),)
    async with open_desk(database_url, tmp_path, logins=logins) as runtime:
        await add(runtime, url)
        await poll_all(runtime)

        assert await texts(runtime) == [("Ferry 1", FERRY)]
        async with runtime.database.read() as connection:
            stored = (
                await connection.execute(
                    select(tables.entries.c.announced, tables.carriers.c.url).select_from(
                        tables.entries.join(tables.carriers, tables.carriers.c.entry_id == tables.entries.c.id)
                    )
                )
            ).all()
    requests = {request.path.partition("?")[0]: request for request in newsroom.requests}
    assert requests.keys() == {"/list", "/7.nitf"}  # robots.txt does not apply to what the operator has named
    for name in ("Authorization", "X-Api-Key"):
        assert requests["/list"].headers.get(name) == requests["/7.nitf"].headers.get(name)
    assert requests["/7.nitf"].path == f"/7.nitf{query}"
    assert "secret" not in repr(stored)


async def test_user_info_of_the_source_is_sent_to_its_own_origin_only(newsroom: Newsroom, runtime: Runtime) -> None:
    async with Newsroom() as elsewhere:
        there = elsewhere.publish("/8.nitf", body=nitf("Another text."))
        newsroom.publish("/7.nitf", body=nitf())
        url = newsroom.publish("/list", body=listing(item(1, "/7.nitf"), item(1, there, guid="abc8")))
        await add(runtime, url.replace("http://", "http://desk:secret@"))

        await poll_all(runtime)

        assert {one.path: "Authorization" in one.headers for one in newsroom.requests} == {
            "/list": True, "/7.nitf": True,
        }  # fmt: skip
        # Elsewhere the agency is a stranger, as with an enclosure.
        assert [(one.path, "Authorization" in one.headers) for one in elsewhere.requests] == [
            ("/robots.txt", False), ("/8.nitf", False),
        ]  # fmt: skip
    assert sorted(await texts(runtime)) == [("Ferry 1", "Another text."), ("Ferry 1", FERRY)]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(status=404), id="404"),
        pytest.param(Answer(status=401), id="401"),
        pytest.param(Answer(status=500), id="500"),
        pytest.param(Answer(body=nitf("")), id="empty"),
        pytest.param(Answer(body=b"<html><body>Log in</body></html>"), id="page"),
        pytest.param(Answer(body=b"<nitf><body>"), id="damaged"),
        pytest.param(Answer(body=b""), id="nothing"),
        pytest.param(Answer(status=204, content_type=None), id="204"),
        pytest.param(Answer(reset=True), id="reset"),
    ],
)
async def test_an_item_whose_text_fails_is_no_record_and_waits(
    newsroom: Newsroom, database_url: str, tmp_path: Path, answer: Answer
) -> None:
    newsroom.publish("/7.nitf", answers=[answer])
    url = newsroom.publish("/list", body=listing(item(1, "/7.nitf")))
    async with open_desk(database_url, tmp_path, attempts=9, retry_delay=3600.0) as runtime:
        await add(runtime, url)
        figures = await poll_all(runtime)
        again = await poll_all(runtime)  # the list has not changed

        assert (figures["records"], figures["pending"], figures["failures"]) == (0, 1, 1)
        assert (again["records"], again["pending"], again["failures"]) == (0, 1, 1)
        newsroom.publish("/7.nitf", body=nitf())
        async with runtime.database.write() as connection:
            await connection.execute(tables.entries.update().values(due_at=tables.entries.c.first_seen_at))
        await poll_all(runtime)
        assert await texts(runtime) == [("Ferry 1", FERRY)]


async def test_the_other_form_is_read_where_the_first_fails(newsroom: Newsroom, runtime: Runtime) -> None:
    anpa = (Path(__file__).parents[1] / "data/wire/anpa1312.txt").read_bytes()
    newsroom.publish("/7.nitf", status=404)
    newsroom.publish("/7.txt", body=anpa, content_type="text/plain")
    await add(runtime, newsroom.publish("/list", body=listing(item(1, "/7.nitf", "/7.txt"))))

    await poll_all(runtime)

    [(headline, text)] = await texts(runtime)
    assert headline == "Ferry 1"
    assert text
    assert asked(newsroom) == ["/list", "/7.nitf", "/7.txt"]


async def test_a_new_version_is_a_revision_with_its_own_text(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/7.nitf", body=nitf())
    newsroom.publish("/8.nitf", body=nitf("The ferry runs from Tuesday."))
    url = newsroom.publish("/list", body=listing(item(1, "/7.nitf")))
    await add(runtime, url)
    await poll_all(runtime)
    newsroom.publish("/list", body=listing(item(2, "/8.nitf"), item(1, "/7.nitf?token=other")))

    await poll_all(runtime)

    assert await texts(runtime) == [("Ferry 1", FERRY), ("Ferry 2", "The ferry runs from Tuesday.")]
    assert [kind for _, kind, _ in await revisions_in(runtime)] == ["new", "text"]


async def test_addresses_that_differ_in_each_answer_are_no_change(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/7.nitf", body=nitf())
    await add(runtime, newsroom.publish("/list", body=listing(item(1, "/7.nitf?qt=1"))))
    await poll_all(runtime)
    newsroom.publish("/list", body=listing(item(1, "/7.nitf?qt=2")))

    await poll_all(runtime)

    assert [path for path in asked(newsroom) if "nitf" in path] == ["/7.nitf?qt=1"]


KILL = {"pubstatus": "canceled"}


@pytest.mark.parametrize("way", ["same-list", "next-list", "newest-first"])
async def test_a_kill_does_not_wait_for_a_text(newsroom: Newsroom, runtime: Runtime, way: str) -> None:
    newsroom.publish("/7.nitf", status=404)
    first, kill = item(1, "/7.nitf"), item(2, "/7.nitf", **KILL)
    lists = {"same-list": [[first, kill]], "newest-first": [[kill, first]], "next-list": [[first], [first, kill]]}[way]
    source = newsroom.url("/list")
    await add(runtime, source)
    for items in lists:
        newsroom.publish("/list", body=listing(*items))
        await poll_all(runtime)

    [record] = await records_in(runtime)
    assert (record.pubstatus, await states(runtime)) == ("canceled", ["done"])


async def test_a_version_after_a_kill_keeps_its_place(newsroom: Newsroom, runtime: Runtime) -> None:
    """A list may have a kill and a newer version, whose text fails at first."""
    newsroom.publish("/9.nitf", answers=[Answer(status=500), Answer(body=nitf())])
    items = [item(2, **KILL), item(3, "/9.nitf")]
    await add(runtime, newsroom.publish("/list", body=listing(*items)))

    await poll_all(runtime)
    await poll_all(runtime)

    assert ("Ferry 3", FERRY) in await texts(runtime)
    assert await states(runtime) == ["done"]


async def test_of_several_versions_in_a_list_the_newest_is_fetched(newsroom: Newsroom, runtime: Runtime) -> None:
    for number in (1, 2, 3):
        newsroom.publish(f"/{number}.nitf", body=nitf(f"Text {number}."))
    items = [item(number, f"/{number}.nitf") for number in (2, 3, 1)]
    await add(runtime, newsroom.publish("/list", body=listing(*items)))

    await poll_all(runtime)

    assert await texts(runtime) == [("Ferry 3", "Text 3.")]
    assert asked(newsroom) == ["/list", "/3.nitf"]


@pytest.mark.parametrize(
    ("more", "head"),
    [
        pytest.param({"pubstatus": "withheld"}, "", id="withheld"),
        pytest.param({"embargoed": "2099-01-01T00:00:00Z"}, "", id="embargo"),
        pytest.param({}, "<docdata management-status='embargoed'/>", id="status-in-the-text-alone"),
        pytest.param({"ednote": "EMBARGOED until further notice"}, "", id="note"),
    ],
)
async def test_an_embargo_holds_for_the_text(
    newsroom: Newsroom, runtime: Runtime, more: dict[str, Any], head: str
) -> None:
    newsroom.publish("/7.nitf", body=nitf(head=head))
    await add(runtime, newsroom.publish("/list", body=listing(item(1, "/7.nitf", **more))))

    await poll_all(runtime)

    [record] = await records_in(runtime)
    assert (record.pubstatus, await texts(runtime)) == ("withheld", [("Ferry 1", FERRY)])


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"type": "picture"}, id="picture"),
        pytest.param({"type": "video"}, id="video"),
        pytest.param({"body_nitf": nitf().decode()}, id="has-its-text"),
        pytest.param({"renditions": {"nitf": {"href": "javascript:x"}}}, id="no-url"),
        pytest.param({"renditions": {"main": {"href": "/7.nitf"}}}, id="another-rendition"),
        pytest.param({"renditions": {"nitf": {}}}, id="no-href"),
        pytest.param({"renditions": []}, id="none"),
        pytest.param(KILL, id="kill"),
    ],
)
async def test_what_has_no_text_by_reference_is_saved_at_once(
    newsroom: Newsroom, runtime: Runtime, more: dict[str, Any]
) -> None:
    await add(runtime, newsroom.publish("/list", body=listing(item(1, "/7.nitf", **more))))

    figures = await poll_all(runtime)

    assert (figures["records"], figures["pending"]) == (1, 0)
    assert asked(newsroom) == ["/list"]


async def test_an_address_that_is_forbidden_is_not_connected_to(newsroom: Newsroom, runtime: Runtime) -> None:
    await add(runtime, newsroom.publish("/list", body=listing(item(1, "http://10.0.0.1/7.nitf"))))

    figures = await poll_all(runtime)

    assert (figures["records"], figures["quarantined"]) == (0, 1)

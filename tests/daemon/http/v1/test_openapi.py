"""The description of the API: it is valid, complete, and the same at /openapi.json, in docs/ and on the page."""

from pathlib import Path

import aiohttp
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from ingestd.daemon.health import Health
from ingestd.daemon.http import server
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.v1 import resources
from ingestd.daemon.http.v1.openapi import document, operation_id
from ingestd.daemon.http.v1.routes import RESOURCES, ROUTES
from ingestd.daemon.pages.status_page import StatusPage
from ingestd.daemon.service import Service
from ingestd.settings import Listen

LISTEN = Listen(host="127.0.0.1", port=0)


def test_the_description_is_valid_openapi() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document(ROUTES)).iter_errors()] == []


async def test_every_route_below_v1_is_described(service: Service) -> None:
    health = Health(service)
    app = server.application(health, StatusPage(health), LISTEN, Access.with_token("a token that is long enough"))
    served = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    await health.close()

    paths = document(ROUTES)["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}

    assert {(method, path) for method, path in served if path.startswith("/v1/") and method != "HEAD"} <= described
    assert described <= served


def test_every_resource_is_in_the_table() -> None:
    folder = Path(resources.__file__).parent
    modules = {path.stem for path in folder.iterdir() if path.name[0] not in "_."}

    assert modules == {resource.__name__.split(".")[len(resources.__name__.split("."))] for resource in RESOURCES}


@pytest.mark.parametrize("route", ROUTES, ids=operation_id)
def test_every_route_says_what_it_does(route: object) -> None:
    assert route.summary.endswith(".")  # type: ignore[attr-defined]
    assert len(route.summary) <= 100  # type: ignore[attr-defined]


def test_every_name_of_an_operation_is_used_once() -> None:
    assert len({operation_id(route) for route in ROUTES}) == len(ROUTES)


async def test_the_description_is_served_to_programs_and_to_people(service: Service) -> None:
    access = Access.with_token("a token that is long enough")
    async with server.serve(Health(service), LISTEN, access) as base, aiohttp.ClientSession(base) as client:
        async with client.get("/openapi.json") as reply:
            assert await reply.json() == document(ROUTES)
            tag = reply.headers["ETag"]
        async with client.get("/openapi.json", headers={"If-None-Match": f'"other", W/{tag}'}) as same:
            assert (same.status, same.headers["ETag"], await same.read()) == (304, tag, b"")
        async with client.get("/v1/docs") as reply:
            page = await reply.text()

    assert reply.content_type == "text/html"
    assert "<script" not in page
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "<code>GET /v1/events</code>" in page
    assert 'href="#schema-Problem"' not in page
    assert 'id="schema-EventBatch"' in page


async def test_errors_outside_the_routes_are_problems_too(service: Service) -> None:
    async with server.serve(Health(service), LISTEN) as base, aiohttp.ClientSession(base) as client:
        async with client.get("/v1/nothing") as reply:
            missing = (reply.status, reply.content_type, (await reply.json())["type"])
        async with client.delete("/v1/events") as reply:
            method = (reply.status, reply.headers["Allow"], (await reply.json())["type"])

    assert missing == (404, "application/problem+json", "urn:ingestd:problem:not-found")
    assert method == (405, "GET, HEAD", "urn:ingestd:problem:method-not-allowed")

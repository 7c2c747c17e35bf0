"""The description of the API: /openapi.json for programs, /v1/docs for people."""

from aiohttp import web

from ingestd.daemon.http.v1.openapi import document
from ingestd.daemon.http.v1.route import Call, Reply, Route
from ingestd.daemon.pages.api_page import render_api
from ingestd.daemon.pages.rendering import CONTENT_SECURITY_POLICY

#: All routes of an application.
TABLE: web.AppKey[tuple[Route, ...]] = web.AppKey("table")


async def openapi(call: Call) -> object:
    """Return this description, in OpenAPI 3.1."""
    return document(call.request.app[TABLE])


async def page(call: Call) -> object:
    """Return this description as a page."""
    text = render_api(document(call.request.app[TABLE]))
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Frame-Options": "DENY"}
    return Reply(body=text.encode(), headers=headers)


ROUTES = (
    Route(path="/openapi.json", handler=openapi, tag="Description", role="open", answer=dict, cacheable=True),
    Route(
        path="/v1/docs", handler=page, tag="Description", role="open", media_types=("text/html",), cacheable=True
    ),
)  # fmt: skip

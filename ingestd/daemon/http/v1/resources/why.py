"""Decisions about an article: /v1/why."""

from typing import Any

from pydantic import Field

from ingestd.daemon.http.v1.parameters import Answer, Parameters, Text
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.daemon.http.v1.visibility import seen_sources, sight_of
from ingestd.pipeline.why import why


class WhyQuery(Parameters):
    """Which article."""

    url: Text = Field(description="URL of an article, or guid of an entry.")


class Why(Answer):
    """The entries of an article, and every decision about them."""

    url: str
    normalised: str
    entries: list[dict[str, Any]]


async def decisions(call: Call) -> object:
    """Return all decisions about an article, each with its reason."""
    query: WhyQuery = call.query
    async with call.read() as connection:
        await seen_sources(call, connection)
        sight = sight_of(call)
        return await why(
            connection, query.url, include_withheld=call.include_withheld, sight=None if sight.is_all else sight
        )


ROUTES = (
    Route(
        path="/v1/why", handler=decisions, tag="Records", query=WhyQuery, answer=Why, withheld=True, filtered=True
    ),
)  # fmt: skip

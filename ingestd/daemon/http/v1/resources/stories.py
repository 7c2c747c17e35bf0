"""Stories: /v1/stories."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import TypedDict

from ingestd.daemon.http.v1.paging import decode, encode, page
from ingestd.daemon.http.v1.parameters import Count, Limit, Number, Parameters, Text, Time, limit
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.daemon.http.v1.visibility import sight_of
from ingestd.errors import NotFound
from ingestd.model.story import Story
from ingestd.renderers.story_json import story_as_json
from ingestd.store.stories import listing, story_list
from ingestd.store.stories.listing import Chosen

#: Stories in one answer.
_MAX_STORIES = 200

#: Without `since`: the stories of the last day.
_SPAN = timedelta(days=1)


class StoriesQuery(Parameters):
    """Which stories."""

    since: Time | None = Field(None, description="Only those with a record seen since; default: within the last day.")
    agency: Text | None = Field(None, description="Only those that this agency issued: its code or name.")
    min_publishers: Count = Field(1, description="Only those that so many publishers carry.")
    min_carriers: Count | None = Field(
        None, description="Only those that so many entries carry; default: 2, or 1 if words are searched."
    )
    q: Text | None = Field(
        None, description="Words that must all occur in a record; the best match then comes first, of any time."
    )
    limit: Limit = limit(50, _MAX_STORIES)
    cursor: Text | None = Field(None, description="Where the page begins: from the Link header of the page before.")


async def list_stories(call: Call) -> object:
    """List stories, those with the latest record first.

    With `q`, those whose records have all words, the best match first. What is withheld or killed comes without words
    unless `include_withheld` is given. The Link header has the address of the next page. A page may have fewer stories
    than `limit`, or none, and still have a next one: an answer looks through a bounded number of stories.
    """
    query: StoriesQuery = call.query
    if query.q and call.caller.filter:
        raise Problem(403, "with a token that has a filter, search records: GET /v1/records?q=WORDS has their stories")
    chosen = Chosen(
        since=query.since or (None if query.q else datetime.now(UTC) - _SPAN),
        agency=_agency_code(query.agency),
        min_publishers=query.min_publishers,
        min_carriers=(1 if query.q else 2) if query.min_carriers is None else query.min_carriers,
    )
    kinds = (datetime, int) if query.q is None else (int, datetime, int)
    after: Any = decode(query.cursor, *kinds) if query.cursor else None
    where: Any = {"limit": query.limit, "after": after, "include_withheld": call.include_withheld}
    async with call.read() as connection:
        if query.q is None:
            found = await story_list.page(connection, chosen, **where)
        else:
            found = await story_list.search(connection, query.q, chosen, **where)
        shown = await _seen_by(call, connection, found.stories, chosen)
    return page(call, value=shown, following=encode(found.next) if found.next else None)


def _agency_code(name: str | None) -> str | None:
    if name is None:
        return None
    from ingestd.articles.agencies.table import code_of  # noqa: PLC0415 - a daemon nobody asks for agencies has none

    return code_of(name)


async def _seen_by(call: Call, connection: AsyncConnection, found: Sequence[Story], chosen: Chosen) -> list[Story]:
    """Return stories as the caller may see them: without the records and carriers that it does not see.

    Those that then have too few publishers or carriers, or no record of the agency, are left out.
    """
    sight = sight_of(call)
    if sight.is_all:
        return list(found)
    shown = await sight.of_stories(connection, found)
    return [
        one
        for one in shown
        if one.publishers >= chosen.min_publishers
        and one.carriers >= chosen.min_carriers
        and (chosen.agency is None or chosen.agency in {copy.agency for copy in one.copies})
    ]


#: A story with its origin in words.
WholeStory: Any = TypedDict("WholeStory", {**get_type_hints(Story), "origin": str | None})  # type: ignore[misc]


class StoryPath(Parameters):
    """Which story."""

    id: Number = Field(description="Number of a story.")


async def show_story(call: Call) -> object:
    """Return a story: who carries it, and whose text each record has.

    The number of a story that was merged leads to the one that has its records now. Of records that are withheld or
    killed no words are shown unless `include_withheld` is given.
    """
    path: StoryPath = call.path
    async with call.read() as connection:
        found = await listing.find(connection, path.id, include_withheld=call.include_withheld)
        seen = await _seen_by(call, connection, [found], Chosen(min_publishers=0, min_carriers=0))
    if not seen:
        raise NotFound(f"no story {path.id}; `ingestd stories list` shows the day's most carried ones")
    return story_as_json(seen[0])


ROUTES = (
    Route(
        path="/v1/stories", handler=list_stories, tag="Stories", query=StoriesQuery, answer=list[Story],
        withheld=True, cacheable=True, filtered=True,
    ),
    Route(
        path="/v1/stories/{id}", handler=show_story, tag="Stories", parameters=StoryPath, answer=WholeStory,
        errors=(404,), withheld=True, cacheable=True, filtered=True,
    ),
)  # fmt: skip

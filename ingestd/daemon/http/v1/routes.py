"""All routes of the API, in the order of the description."""

from ingestd.daemon.http.v1.resources import (
    backfills,
    consumer_failures,
    consumers,
    coverage,
    description,
    events,
    failures,
    gaps,
    inbox,
    reading,
    record,
    records,
    sources,
    stories,
    stream,
    why,
)
from ingestd.daemon.http.v1.route import Route

#: The modules with routes; a test fails when one is missing here.
RESOURCES = (
    records,
    record,
    stories,
    sources,
    gaps,
    coverage,
    failures,
    backfills,
    why,
    events,
    stream,
    consumers,
    consumer_failures,
    reading,
    inbox,
    description,
)

ROUTES: tuple[Route, ...] = tuple(route for resource in RESOURCES for route in resource.ROUTES)

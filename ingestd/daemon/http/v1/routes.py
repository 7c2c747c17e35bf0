"""All routes of the API, in the order of the description."""

from ingestd.daemon.http.v1.resources import (
    coverage,
    description,
    events,
    inbox,
    reading,
    record,
    records,
    sources,
    stream,
    why,
)
from ingestd.daemon.http.v1.route import Route

#: The modules with routes; a test fails when one is missing here.
RESOURCES = (records, record, sources, coverage, why, events, stream, reading, inbox, description)

ROUTES: tuple[Route, ...] = tuple(route for resource in RESOURCES for route in resource.ROUTES)

"""Render what the outlets serve: feeds, article pages, front pages and photos.

The output depends on the arguments alone, so that a validator can be derived from it.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from itertools import cycle, islice
from zlib import crc32

from jinja2 import Environment, PackageLoader, StrictUndefined

from ingestd.dates.abbreviations import zone_named
from ingestd.demo.dispatches import DOMAIN, TITLE, Dispatch
from ingestd.demo.outlets import Outlet
from ingestd.demo.stories import Version
from ingestd.times import iso

#: The time zone of the times that the papers print.
ZONE = "CDT"

#: The media type of each kind of feed.
MEDIA_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}

#: The media type of a message of the wire agency.
NEWSML = "application/vnd.iptc.g2.newsmessage+xml"

#: The number of links to other stories below an article.
RELATED = 3

_templates = Environment(
    loader=PackageLoader("ingestd.demo"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def printed_time(when: datetime) -> str:
    """Return a time as the papers print it, such as "Jun 24, 2020 1:15 AM CDT"."""
    local = when.astimezone(zone_named(ZONE))
    return f"{local:%b} {local.day}, {local.year} {local.hour % 12 or 12}:{local:%M %p} {ZONE}"


_templates.filters["iso"] = iso
_templates.filters["printed"] = printed_time
_templates.filters["rfc822"] = lambda when: format_datetime(when, usegmt=True)


def page_url(home: str, version: Version) -> str:
    """Return the URL of a story's page; `home` is the URL of its outlet, with a slash at the end."""
    return f"{home}stories/{version.story.slug}"


_templates.globals.update(page_url=page_url, media_types=MEDIA_TYPES)


def feed(outlet: Outlet, versions: Sequence[Version], home: str) -> tuple[str, str]:
    """Return the media type and the text of an outlet's feed, in the order of `versions`."""
    if outlet.feed == "json":
        return MEDIA_TYPES["json"], _json_feed(outlet, versions, home)
    updated = max((version.updated for version in versions), default=None)
    template = _templates.get_template(f"{outlet.feed}.xml")
    return MEDIA_TYPES[outlet.feed], template.render(outlet=outlet, versions=versions, home=home, updated=updated)


def _json_feed(outlet: Outlet, versions: Sequence[Version], home: str) -> str:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.title,
        "home_page_url": home,
        "feed_url": f"{home}feed",
        "description": outlet.tagline,
        "language": "en",
        "items": [_json_item(outlet, version, home) for version in versions],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _json_item(outlet: Outlet, version: Version, home: str) -> dict[str, object]:
    story = version.story
    return {
        "id": outlet.guid(story),
        "url": page_url(home, version),
        "title": story.headline,
        "summary": story.dek,
        "content_text": story.dek,  # the format requires content; a feed of links has only this
        "date_published": iso(story.posted),
        "date_modified": iso(version.updated),
        "authors": [{"name": story.byline}],
        "tags": list(story.keywords),
    }


def message(sent: Sequence[Dispatch], *, at: Callable[[float], datetime]) -> str:
    """Render the dispatches sent so far as one NewsML-G2 message, in the order of `sent`.

    `at` converts seconds after the newsroom opened to a time.
    """
    latest = at(sent[-1].after if sent else 0.0)
    return _templates.get_template("newsml.xml").render(dispatches=sent, at=at, sent=latest, domain=DOMAIN, title=TITLE)


def article(outlet: Outlet, version: Version, others: Sequence[Version], home: str) -> str:
    """Render a story's page; `others` are the outlet's other stories, for the links around it.

    An edit rotates these links by one place, even when it does not change the text.
    """
    related = tuple(islice(cycle(others), version.edits, version.edits + min(RELATED, len(others))))
    template = _templates.get_template(f"{outlet.slug}.html")
    return template.render(outlet=outlet, version=version, story=version.story, related=related, home=home)


def front(outlet: Outlet, versions: Sequence[Version], home: str) -> str:
    """Render an outlet's front page, in the order of `versions`."""
    return _templates.get_template("front.html").render(outlet=outlet, versions=versions, home=home)


def photo(slug: str) -> str:
    """Draw the photo of a story as SVG: a sun over hills, with shapes and colours derived from `slug`."""
    seed = crc32(slug.encode())
    ridge = " ".join(f"L{x} {250 + (seed >> shift) % 90}" for shift, x in enumerate(range(0, 801, 100)))
    return _templates.get_template("photo.svg").render(hue=seed % 360, sun=120 + seed % 560, ridge=ridge)

"""What the outlets serve, as text: feeds, article pages, front pages and photos.

The same versions give the same text, so that a validator made from it is honest.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from itertools import cycle, islice
from zlib import crc32

from jinja2 import Environment, PackageLoader, StrictUndefined

from ingestd.demo.dispatches import DOMAIN, TITLE, Dispatch
from ingestd.demo.outlets import Outlet
from ingestd.demo.stories import Version
from ingestd.times import iso, zone_named

#: The zone in which the papers print their times.
ZONE = "CDT"

#: What each kind of feed is served as.
MEDIA_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}

#: What a message of the wire agency is served as.
NEWSML = "application/vnd.iptc.g2.newsmessage+xml"

#: How many links to other stories stand below an article.
RELATED = 3

_templates = Environment(
    loader=PackageLoader("ingestd.demo"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def printed_time(when: datetime) -> str:
    """Write a time as the papers print it, as in "Jun 24, 2020 1:15 AM CDT"."""
    local = when.astimezone(zone_named(ZONE))
    return f"{local:%b} {local.day}, {local.year} {local.hour % 12 or 12}:{local:%M %p} {ZONE}"


_templates.filters["iso"] = iso
_templates.filters["printed"] = printed_time
_templates.filters["rfc822"] = lambda when: format_datetime(when, usegmt=True)


def page_url(home: str, version: Version) -> str:
    """Return the address of a story's page, `home` being its outlet's with a slash at the end."""
    return f"{home}stories/{version.story.slug}"


_templates.globals.update(page_url=page_url, media_types=MEDIA_TYPES)


def feed(outlet: Outlet, versions: Sequence[Version], home: str) -> tuple[str, str]:
    """Render an outlet's feed, in the order of `versions`: its media type and its text."""
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
        "content_text": story.dek,  # the format asks for a content; a feed of links has no more than this
        "date_published": iso(story.posted),
        "date_modified": iso(version.updated),
        "authors": [{"name": story.byline}],
        "tags": list(story.keywords),
    }


def message(sent: Sequence[Dispatch], *, at: Callable[[float], datetime]) -> str:
    """Render what the wire agency has sent so far as one NewsML-G2 message, in the order of `sent`.

    `at` tells the time at so many seconds after the newsroom opened.
    """
    latest = at(sent[-1].after if sent else 0.0)
    return _templates.get_template("newsml.xml").render(dispatches=sent, at=at, sent=latest, domain=DOMAIN, title=TITLE)


def article(outlet: Outlet, version: Version, others: Sequence[Version], home: str) -> str:
    """Render a story's page; `others` are what else the outlet has published, for the links around it.

    An edit turns the furniture by one place even where it leaves the text alone.
    """
    related = tuple(islice(cycle(others), version.edits, version.edits + min(RELATED, len(others))))
    template = _templates.get_template(f"{outlet.slug}.html")
    return template.render(outlet=outlet, version=version, story=version.story, related=related, home=home)


def front(outlet: Outlet, versions: Sequence[Version], home: str) -> str:
    """Render an outlet's front page, in the order of `versions`."""
    return _templates.get_template("front.html").render(outlet=outlet, versions=versions, home=home)


def photo(slug: str) -> str:
    """Draw the photo of a story as SVG: a sun over hills, in colours of its own."""
    seed = crc32(slug.encode())
    ridge = " ".join(f"L{x} {250 + (seed >> shift) % 90}" for shift, x in enumerate(range(0, 801, 100)))
    return _templates.get_template("photo.svg").render(hue=seed % 360, sun=120 + seed % 560, ridge=ridge)

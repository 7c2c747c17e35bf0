"""The outlets with feeds and pages: an agency and two papers, each with its own form of feed and page."""

from dataclasses import dataclass
from typing import Literal

from ingestd.demo.stories import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One publisher: its name, the form of its feed, and the template of its pages."""

    slug: str
    title: str
    tagline: str
    #: A reserved name (RFC 2606, 3), used in identifiers.
    domain: str
    feed: Literal["atom", "rss", "json"]
    #: The CSS colour of its masthead.
    accent: str
    #: The app that its pages advertise.
    app: str

    def guid(self, story: Story) -> str:
        """Return the identifier of a story in this outlet's feed (RFC 4151)."""
        return f"tag:{self.domain},{story.posted:%Y-%m-%d}:{story.slug}"


OUTLETS = (
    Outlet(
        slug="meridian",
        title="Meridian Press",
        tagline="News of Calder Sound, as it comes in",
        domain="meridianpress.example",
        feed="atom",  # with the full text of every story, as agencies deliver it
        accent="#14365d",
        app="Meridian Wire",
    ),
    Outlet(
        slug="courier",
        title="The Harrow Bay Courier",
        tagline="The morning paper of Harrow Bay",
        domain="harrowbaycourier.example",
        feed="rss",  # links only, to semantic pages with JSON-LD
        accent="#7a1f2b",
        app="Courier Daily",
    ),
    Outlet(
        slug="herald",
        title="Tarn Valley Herald",
        tagline="From Varne Junction to Upper Brannock",
        domain="tarnvalleyherald.example",
        feed="json",  # links only, to pages of divs without metadata
        accent="#2d5a34",
        app="Herald News",
    ),
)

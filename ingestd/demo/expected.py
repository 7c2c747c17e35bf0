"""What the newsroom knows: what a daemon that misses nothing holds once everything is out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ingestd.demo.dispatches import Dispatch
from ingestd.demo.outlets import Outlet
from ingestd.demo.stories import Story, version


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What comes of one source."""

    #: In the order of publication.
    guids: tuple[str, ...]
    #: Story texts that this source was the first to publish.
    records: int
    #: Entries that only carry what another source's record says.
    duplicates: int
    #: Revisions beyond each record's first.
    corrections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What comes of all sources."""

    #: By feed URL.
    sources: Mapping[str, Held]
    #: By guid: the text in the end, dateline off, paragraphs apart by an empty line.
    bodies: Mapping[str, str]

    @property
    def entries(self) -> int:
        """How many entries the feeds announce."""
        return sum(len(held.guids) for held in self.sources.values())

    @property
    def records(self) -> int:
        """How many texts there are, each counted once."""
        return sum(held.records for held in self.sources.values())

    @property
    def duplicates(self) -> int:
        """How many carriers there are beyond the first of each record."""
        return sum(held.duplicates for held in self.sources.values())

    @property
    def corrections(self) -> int:
        """How many revisions there are beyond the first of each record."""
        return sum(held.corrections for held in self.sources.values())


def expect(stories: Iterable[Story], feeds: Mapping[str, Outlet]) -> Expected:
    """Work out what comes of all stories; `feeds` gives the outlet behind each feed URL."""
    by_time = sorted(stories, key=lambda story: story.after)
    by_feed = {url: [story for story in by_time if story.outlet == outlet.slug] for url, outlet in feeds.items()}
    return Expected(
        sources={url: _held(feeds[url], own) for url, own in by_feed.items()},
        bodies={feeds[url].guid(story): _body(story) for url, own in by_feed.items() for story in own},
    )


def _held(outlet: Outlet, stories: list[Story]) -> Held:
    reprints = sum(1 for story in stories if story.reprint)
    return Held(
        guids=tuple(outlet.guid(story) for story in stories),
        records=len(stories) - reprints,
        duplicates=reprints,
        corrections=sum(story.corrections for story in stories),
    )


def _body(story: Story) -> str:
    last = version(story, float("inf"))
    assert last is not None
    return "\n\n".join(last.paragraphs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of one item of the wire agency."""

    #: "usable" or "canceled"; embargoes are over in the end.
    pubstatus: str
    headline: str
    #: Versions that are kept, history among them.
    revisions: int
    #: Paragraphs apart by an empty line; a kill leaves the text before it.
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WireExpected:
    """What becomes of all items of the wire agency."""

    #: By guid.
    fates: Mapping[str, Fate]
    #: How often each kind of event happens.
    events: Mapping[str, int]

    @property
    def revisions(self) -> int:
        """How many versions are kept."""
        return sum(fate.revisions for fate in self.fates.values())


def expect_of_wire(dispatches: Iterable[Dispatch]) -> WireExpected:
    """Work out what comes of all dispatches, given in the order in which they are sent.

    It follows the rules that a reader of the wire would, and none of those the daemon has.
    """
    events: Counter[str] = Counter()
    sent: dict[str, list[Dispatch]] = {}
    for dispatch in dispatches:
        before = sent.setdefault(dispatch.guid, [])
        events.update(_happens(dispatch, before))
        before.append(dispatch)
    return WireExpected(fates={guid: _fate(versions) for guid, versions in sent.items()}, events=events)


def _happens(dispatch: Dispatch, before: Sequence[Dispatch]) -> tuple[str, ...]:
    if any(other.version > dispatch.version for other in before):
        return ()
    if dispatch.status == "canceled":
        return ("killed",)
    if dispatch.embargoed is not None:
        return ("withheld", "released")
    if not before:
        return ("new",)
    return ("corrected",) if dispatch.signal == "sig:correction" else ("revised",)


def _fate(versions: Sequence[Dispatch]) -> Fate:
    last = max(versions, key=lambda dispatch: dispatch.version)
    told = max((one for one in versions if one.status == "usable"), key=lambda dispatch: dispatch.version)
    return Fate(
        pubstatus=last.status,
        headline=told.headline,
        revisions=len(versions),
        body="\n\n".join(told.paragraphs),
    )

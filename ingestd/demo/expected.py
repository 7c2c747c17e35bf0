"""Compute what a daemon that misses nothing holds once the newsroom has published everything."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ingestd.demo.dispatches import Dispatch
from ingestd.demo.outlets import Outlet
from ingestd.demo.stories import Story, version


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContent:
    """The expected content from one source."""

    #: In the order of publication.
    guids: tuple[str, ...]
    #: Texts that this source published first.
    records: int
    #: Entries whose text is the record of another source.
    duplicates: int
    #: Revisions beyond each record's first.
    corrections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedContent:
    """The expected content from all papers and the feed agency."""

    #: By feed URL.
    sources: Mapping[str, SourceContent]
    #: By guid: the final text without dateline, paragraphs separated by an empty line.
    bodies: Mapping[str, str]

    @property
    def entries(self) -> int:
        """The number of entries in the feeds."""
        return sum(len(content.guids) for content in self.sources.values())

    @property
    def records(self) -> int:
        """The number of different texts."""
        return sum(content.records for content in self.sources.values())

    @property
    def duplicates(self) -> int:
        """The number of carriers beyond the first of each record."""
        return sum(content.duplicates for content in self.sources.values())

    @property
    def corrections(self) -> int:
        """The number of revisions beyond the first of each record."""
        return sum(content.corrections for content in self.sources.values())


def expected_content(stories: Iterable[Story], feeds: Mapping[str, Outlet]) -> ExpectedContent:
    """Compute the expected content of `stories`; `feeds` maps feed URLs to their outlets."""
    by_time = sorted(stories, key=lambda story: story.after)
    by_feed = {url: [story for story in by_time if story.outlet == outlet.slug] for url, outlet in feeds.items()}
    return ExpectedContent(
        sources={url: _source_content(feeds[url], own) for url, own in by_feed.items()},
        bodies={feeds[url].guid(story): _body(story) for url, own in by_feed.items() for story in own},
    )


def _source_content(outlet: Outlet, stories: list[Story]) -> SourceContent:
    reprints = sum(1 for story in stories if story.reprint)
    return SourceContent(
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
class ItemState:
    """The final state of one item of the wire agency."""

    #: "usable" or "canceled"; all embargoes have ended.
    pubstatus: str
    headline: str
    #: The number of stored versions, past ones included.
    revisions: int
    #: Paragraphs separated by an empty line; a kill keeps the earlier text.
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedWire:
    """The expected content from the wire agency."""

    #: By guid.
    items: Mapping[str, ItemState]
    #: The number of events of each kind.
    events: Mapping[str, int]

    @property
    def revisions(self) -> int:
        """The number of stored versions."""
        return sum(item.revisions for item in self.items.values())


def expected_wire(dispatches: Iterable[Dispatch]) -> ExpectedWire:
    """Compute the expected content of `dispatches`, given in the order in which they are sent.

    It applies the rules for wire versions by itself and shares no code with the daemon.
    """
    events: Counter[str] = Counter()
    sent: dict[str, list[Dispatch]] = {}
    for dispatch in dispatches:
        before = sent.setdefault(dispatch.guid, [])
        events.update(_events(dispatch, before))
        before.append(dispatch)
    return ExpectedWire(items={guid: _item_state(versions) for guid, versions in sent.items()}, events=events)


def _events(dispatch: Dispatch, before: Sequence[Dispatch]) -> tuple[str, ...]:
    if any(other.version > dispatch.version for other in before):
        return ()
    if dispatch.status == "canceled":
        return ("killed",)
    if dispatch.embargoed is not None:
        return ("withheld", "released")
    if not before:
        return ("new",)
    return ("corrected",) if dispatch.signal == "sig:correction" else ("revised",)


def _item_state(versions: Sequence[Dispatch]) -> ItemState:
    last = max(versions, key=lambda dispatch: dispatch.version)
    text = max((sent for sent in versions if sent.status == "usable"), key=lambda dispatch: dispatch.version)
    return ItemState(
        pubstatus=last.status,
        headline=text.headline,
        revisions=len(versions),
        body="\n\n".join(text.paragraphs),
    )

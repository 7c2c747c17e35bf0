"""The pages of one poll: where an agency's list goes on, how far it is followed, and what each page commits.

Each page is a poll of its own: its entries, and where to ask next, are committed together, so that whoever is killed
goes on with the page after the last one that was kept.  Only lists that agencies' APIs answer with are followed, as
their formats say (`Feed.cursor`); the older pages of an ordinary feed are for `repair`.
"""

from collections.abc import Callable
from dataclasses import replace

from ingestd.errors import Gone, IngestError, ParseError, Refused
from ingestd.model.feed import Feed
from ingestd.model.source import NO_VALIDATORS, Cursor, Source, Validators
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.urls import copy_userinfo, without_userinfo
from ingestd.web.logins import parse_origin

#: Pages of one poll.  Of a hundred items each they are what a large agency sends in a day; others wait for their turn
#: meanwhile.  From a mark of what is new the next poll goes on, and what a list with the newest first has beyond is
#: looked for by `repair`.
MAX_PAGES = 20

#: What servers say to a token that they have forgotten, or never knew.
_REFUSALS = frozenset((400, 404, 410))


class Pagination:
    """A poll's way through the pages of a list; begun anew with each poll.

    It begins where the last one stopped, unless it is to begin `at_start`.  `may_follow` says whether the operator has
    named an address's origin, beside the source's own.
    """

    def __init__(self, source: Source, *, at_start: bool, may_follow: Callable[[str], bool]) -> None:
        #: As it was before, and as what is committed leaves it.
        self.original = source
        self.source = source
        #: Where to ask now; None is the source's own address.
        self.cursor = None if at_start else source.cursor
        #: What all pages had.
        self.new: list[ListedEntry] = []
        self.changed: list[ListedEntry] = []
        #: Whether there is more to be had at once.
        self.has_more = False
        #: Where the list goes on at an origin that nobody named.
        self.foreign_url: str | None = None
        self._may_follow = may_follow
        self._resumed = self.cursor is not None
        self._at_source_cursor = self.cursor is source.cursor
        self._asked: set[str] = set()
        self._page: frozenset[str] | None = None
        self._pages = self._listed = self._known = self._size = 0
        # Whether entries between these pages and the last look may be missing.
        self._lost = False

    @property
    def url(self) -> str:
        """The address to ask at, with what logs us in there."""
        return copy_userinfo(self.original.url, self.cursor.url) if self.cursor else self.source.url

    @property
    def source_before_page(self) -> Source:
        """The source as the next page's answer is to be compared with it: as it was, with that page's validators."""
        source = self.source
        # Kept are those of the cursor where it is asked again, else those of the source's own address.
        mine = self._pages == 0 and self._at_source_cursor and (self.cursor is None or self.cursor.kind != "older")
        validators, body_hash = (source.validators, source.body_hash) if mine else (NO_VALIDATORS, None)
        return replace(self.original, validators=validators, body_hash=body_hash)

    def restarts_after(self, error: IngestError) -> bool:
        """Say whether to begin at the source's own address, since its server has no answer for the cursor (any more).

        The cursor is kept until that address has answered.
        """
        refused = isinstance(error, ParseError) or (isinstance(error, Refused) and error.status in _REFUSALS)
        if not refused or not self.cursor or not self._resumed:
            return False
        self.cursor, self._resumed, self._at_source_cursor = None, False, False
        return True

    def advance(self, poll: PollResult, feed: Feed | None) -> PollResult:
        """Return a page's poll as it is to be committed, and stand where the next one is; None was not read."""
        asked, entries = self.cursor, feed.entries if feed else ()
        guids = frozenset(entry.guid for entry in entries)
        found = self._allowed(feed.cursor) if feed else asked
        self._pages += 1
        self._asked.add(asked.url if asked else without_userinfo(self.original.url))
        # Whoever goes on after a stop may see what was moved down a page by news.
        is_news = bool(poll.new or poll.changed) or (self._resumed and self._pages == 1)
        # A list with the newest first is followed to where the last look began, and all through the first time.
        is_news &= self._resumed or self.original.last_read_at is None or poll.may_have_lost
        repeats = guids == self._page or (found is not None and found.url in self._asked)
        self._page = guids
        keep, ends = _next(asked, found, empty=not guids, repeats=repeats, is_news=is_news)
        cut = not ends and self._pages >= MAX_PAGES
        if feed is None:
            keep, ends = asked, True
        self.has_more = cut and keep is not None and keep.kind != "older"
        if cut and not self.has_more:
            keep = None
        ends = ends or cut
        poll = self._with_pace(self._with_loss(poll, asked, found, cut=cut))
        poll = self._with_validators(poll, asked, keep)
        return self._committed(replace(poll, cursor=keep, is_next_page=asked is not None, keeps_claim=not ends))

    def _allowed(self, found: Cursor | None) -> Cursor | None:
        """Return a cursor of the source's origin, be it by TLS now, or of one that the operator has named."""
        if found is None:
            return None
        here, there = parse_origin(self.original.url), parse_origin(found.url)
        by_tls = here and there and (here[0], there[0], here[1]) == ("http", "https", there[1])
        if there and (here == there or by_tls or self._may_follow(found.url)):
            return found
        self.foreign_url = found.url
        return None

    def _with_loss(self, poll: PollResult, asked: Cursor | None, found: Cursor | None, *, cut: bool) -> PollResult:
        """Judge whether entries are missing by all pages of a list with its newest first, and by none that go on."""
        if asked and asked.kind != "older":
            return replace(poll, may_have_lost=False)
        if not asked and not (found and found.kind == "older") and not self.foreign_url:
            return poll
        self._lost = poll.may_have_lost and (self._lost or self._pages == 1)
        return replace(poll, may_have_lost=self._lost and (cut or self.foreign_url is not None))

    def _with_pace(self, poll: PollResult) -> PollResult:
        """Keep what the first page said of a source that was never read before, and of its window."""
        if self._pages == 1:
            return poll if self.cursor is None else replace(poll, window=None)
        return replace(poll, window=None, pace=self.source.pace if self.original.last_success_at is None else poll.pace)

    def _with_validators(self, poll: PollResult, asked: Cursor | None, keep: Cursor | None) -> PollResult:
        """Keep the validators of where the next poll asks: the cursor, unless that only leads to older pages."""
        own: tuple[Validators, bytes | None] = poll.validators, poll.body_hash
        base = own if asked is None else (self.source.validators, self.source.body_hash)
        if keep and keep.kind != "older":
            base = own if asked and asked.url == keep.url else (NO_VALIDATORS, None)
        elif asked and asked.kind != "older":
            base = NO_VALIDATORS, None
        return replace(poll, validators=base[0], body_hash=base[1])

    def _committed(self, poll: PollResult) -> PollResult:
        """Note what a page leaves the source as."""
        before = self.source
        if poll.is_next_page:  # what was learned of where it moved is of another address
            poll = replace(poll, moved_to=before.moved_to, moved_seen=before.moved_seen, has_moved=False)
        if poll.may_have_lost:  # since the last look, not since the last page
            before = replace(before, last_success_at=self.original.last_success_at, last_read_at=self.original.last_read_at)
        self._count(poll)
        self.cursor = poll.cursor
        self.source = replace(
            self.source,
            validators=poll.validators,
            body_hash=poll.body_hash,
            failures=0,
            maybe_gone=False,
            hints=poll.hints,
            pace=poll.pace,
            last_success_at=poll.at,
            last_read_at=poll.at if poll.listed else self.source.last_read_at,
            last_new_at=poll.at if poll.new else self.source.last_new_at,
            window=self.source.window if poll.window is None else poll.window,
            moved_to=None if poll.has_moved else poll.moved_to,
            moved_seen=0 if poll.has_moved else poll.moved_seen,
            cursor=poll.cursor,
        )
        return replace(poll, source=before)

    def _count(self, poll: PollResult) -> None:
        self.new += poll.new
        self.changed += poll.changed
        self._listed += poll.listed or 0
        self._known += poll.known or 0
        self._size += poll.size or 0

    def page_error(self, error: IngestError) -> IngestError:
        """Return an error of a page: one that is gone says nothing of the source."""
        return Refused(error.url, error.status) if isinstance(error, Gone) and self.cursor else error

    def failed_page(self, poll: PollResult, error: IngestError) -> PollResult:
        """Return a page's failed poll as it is to be committed; a cursor that is refused is forgotten."""
        if not self.cursor:
            return poll
        if not isinstance(error, Refused) or error.status not in _REFUSALS:
            return replace(poll, is_next_page=True)
        poll = self._with_validators(replace(poll, validators=NO_VALIDATORS, body_hash=None), self.cursor, None)
        return replace(poll, is_next_page=True, cursor=None, may_have_lost=self._lost)

    def total(self, poll: PollResult) -> PollResult:
        """Return what all pages came to, `poll` being the last one's."""
        if self._pages < 2 and not poll.failure:
            return poll
        changes = bool(self.new or self.changed)
        return replace(
            poll,
            listed=poll.listed if poll.failure else self._listed,
            known=poll.known if poll.failure else self._known,
            size=self._size + (poll.size or 0 if poll.failure else 0),
            new=tuple(self.new),
            changed=tuple(self.changed),
            outcome=poll.outcome if poll.failure else "new" if changes else "known",
        )


def _next(
    asked: Cursor | None, found: Cursor | None, *, empty: bool, repeats: bool, is_news: bool
) -> tuple[Cursor | None, bool]:
    """Return where the next poll is to ask, and whether this one ends here."""
    if found is None:
        # What is new will be at the same place.  An empty page of newer ones is none: the list became shorter.
        stays = asked is not None and (asked.kind == "since" or (asked.kind == "newer" and not empty))
        return (asked if stays else None), True
    ends = empty or repeats
    if found.kind == "since":
        return found, ends
    if found.kind == "older":
        ends = ends or not is_news
    return (None if ends else found), ends

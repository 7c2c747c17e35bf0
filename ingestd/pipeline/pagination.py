"""Follow the pages of an agency's list in one poll: decide which URL is next, when to stop and what to commit.

The entries of a page and the cursor of the next one are committed together.  If the process dies, the next poll
continues after the last committed page.  Only lists whose format gives a cursor (`Feed.cursor`) are followed, as
agencies' APIs do; `repair` reads the older pages of an ordinary feed.
"""

from collections.abc import Callable
from dataclasses import replace

from ingestd.errors import Gone, IngestError, ParseError, Refused
from ingestd.model.feed import Feed
from ingestd.model.source import NO_VALIDATORS, Cursor, Source, Validators
from ingestd.policy.polling.document_warnings import after_document
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.urls import copy_userinfo, without_userinfo
from ingestd.web.logins import parse_origin

#: Maximum number of pages in one poll, since other sources wait meanwhile.  With a hundred items on each, these pages
#: list the output of a large agency for a day.  The next poll continues a list that has the oldest entries first; of a
#: list that has the newest first, `repair` reads the rest.
MAX_PAGES = 20

#: Statuses by which servers refuse an expired or unknown cursor.
_REFUSALS = frozenset((400, 404, 410))


class Pagination:
    """The state of one poll of a paginated list.

    It starts at the source's cursor, or at the source's own URL if `at_start` is set.  `may_follow` returns whether a
    URL of another origin may be requested: the operator has configured a login for it.
    """

    def __init__(self, source: Source, *, at_start: bool, may_follow: Callable[[str], bool]) -> None:
        #: The source before the poll.
        self.original = source
        #: The source, updated by the pages read so far, but for the last one.
        self.source = source
        #: The warnings of the source, the last page included.
        self.warnings = source.warnings
        #: The page to request now.  None: the source's own URL.
        self.cursor = None if at_start else source.cursor
        #: New and changed entries of all pages.
        self.new: list[ListedEntry] = []
        self.changed: list[ListedEntry] = []
        #: Whether the next poll can continue at once.
        self.has_more = False
        #: The next page, if it is not followed because it is of another origin.
        self.foreign_url: str | None = None
        self._may_follow = may_follow
        self._resumed = self.cursor is not None
        self._at_source_cursor = self.cursor is source.cursor
        self._requested: set[str] = set()
        self._last_guids: frozenset[str] | None = None
        #: Whether a page has shown that 304s of the source were false.
        self.unmasks_304s = False
        self._found_warnings: list[str] = []
        self._pages = self._listed = self._known = self._size = 0
        # Whether entries between these pages and the previous poll may be missing.
        self._lost = False

    @property
    def url(self) -> str:
        """The URL to request, with the source's user-info."""
        return copy_userinfo(self.original.url, self.cursor.url) if self.cursor else self.source.url

    @property
    def source_before_page(self) -> Source:
        """The source to compare the next page with: as before the poll, with the validators of that page."""
        # The stored validators are those of the URL at which the poll starts: the cursor or the source's own.
        are_of_page = self._pages == 0 and self._at_source_cursor
        are_of_page &= self.cursor is None or self.cursor.kind != "older"
        return self.original if are_of_page else replace(self.original, validators=NO_VALIDATORS, body_hash=None)

    def restarts_after(self, error: IngestError) -> bool:
        """Return whether to restart at the source's own URL, because the server refuses the stored cursor.

        The cursor stays stored until that URL has responded.
        """
        refused = isinstance(error, ParseError) or (isinstance(error, Refused) and error.status in _REFUSALS)
        if not refused or not self.cursor or not self._resumed:
            return False
        self.cursor, self._resumed, self._at_source_cursor = None, False, False
        return True

    def advance(self, poll: PollResult, feed: Feed | None) -> None:
        """Complete the result of a page, so that it is ready to commit, and move on to the next page.

        `feed` is None if the page's document has not changed and was therefore not parsed.
        """
        requested, entries = self.cursor, feed.entries if feed else ()
        guids = frozenset(entry.guid for entry in entries)
        found = self._allowed(feed.cursor) if feed else requested
        self._pages += 1
        self._requested.add(requested.url if requested else without_userinfo(self.original.url))
        # A resumed poll may first see known entries that new ones have moved down to this page.
        is_news = bool(poll.new or poll.changed) or (self._resumed and self._pages == 1)
        # A list with the newest entries first is read back to the previous poll; the first time it is read completely.
        is_news &= self._resumed or self.original.last_read_at is None or poll.may_have_lost
        repeats = guids == self._last_guids or (found is not None and found.url in self._requested)
        self._last_guids = guids
        keep, ends = _next(requested, found, empty=not guids, repeats=repeats, is_news=is_news)
        is_cut = not ends and self._pages >= MAX_PAGES
        if feed is None:
            keep, ends = requested, True
        self.has_more = is_cut and keep is not None and keep.kind != "older"
        if is_cut and not self.has_more:
            keep = None
        ends = ends or is_cut
        self._decide_loss(poll, requested, found, is_cut=is_cut)
        self._choose_pace(poll)
        self._choose_validators(poll, requested, keep)
        if feed:
            self._found_warnings += feed.warnings
            self.warnings = poll.warnings = after_document(self.original.warnings, self._found_warnings, poll.at)
        poll.cursor, poll.is_next_page, poll.keeps_claim = keep, requested is not None, not ends
        self._apply(poll)

    def _allowed(self, found: Cursor | None) -> Cursor | None:
        """Return a cursor if it is of the source's origin, of its https counterpart, or of an origin with a login."""
        if found is None:
            return None
        own, other = parse_origin(self.original.url), parse_origin(found.url)
        is_https_counterpart = own and other and (own[0], other[0], own[1]) == ("http", "https", other[1])
        if other and (own == other or is_https_counterpart or self._may_follow(found.url)):
            return found
        self.foreign_url = found.url
        return None

    def _decide_loss(self, poll: PollResult, requested: Cursor | None, found: Cursor | None, *, is_cut: bool) -> None:
        """Decide whether entries may be missing.

        A list with the newest entries first is judged after all its pages; other lists never lose entries.
        """
        if requested and requested.kind != "older":
            poll.may_have_lost = False
        elif requested or (found and found.kind == "older") or self.foreign_url:
            self._lost = poll.may_have_lost and (self._lost or self._pages == 1)
            poll.may_have_lost = self._lost and (is_cut or self.foreign_url is not None)

    def _choose_pace(self, poll: PollResult) -> None:
        """Take the window from the first page only, and also the pace if the source was never read before."""
        if self._pages > 1 or self.cursor is not None:
            poll.window = None
        if self._pages > 1 and self.original.last_success_at is None:
            poll.pace = self.source.pace

    def _choose_validators(self, poll: PollResult, requested: Cursor | None, keep: Cursor | None) -> None:
        """Keep the validators of the URL where the next poll starts: the cursor's, unless it leads to older pages."""
        own: tuple[Validators, bytes | None] = poll.validators, poll.body_hash
        base = own if requested is None else (self.source.validators, self.source.body_hash)
        if keep and keep.kind != "older":
            base = own if requested and requested.url == keep.url else (NO_VALIDATORS, None)
        elif requested and requested.kind != "older":
            base = NO_VALIDATORS, None
        poll.validators, poll.body_hash = base

    def _apply(self, poll: PollResult) -> None:
        """Complete the result of a page with the source before it, and update the source if another page follows."""
        before = self.source
        if poll.is_next_page:  # its redirects say nothing about the source's own URL
            poll.moved_to, poll.moved_seen, poll.has_moved = before.moved_to, before.moved_seen, False
        if poll.may_have_lost and self._pages > 1:  # the gap begins at the previous poll, not at the last page
            original = self.original
            before = replace(
                before, last_success_at=original.last_success_at, last_read_at=original.last_read_at,
                full_answer_at=original.full_answer_at,
            )  # fmt: skip
        self._count(poll)
        self.cursor = poll.cursor
        if poll.keeps_claim:
            self.source = self._source_after(poll)
        poll.source = before

    def _source_after(self, poll: PollResult) -> Source:
        return replace(
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
            full_answer_at=poll.at if poll.is_full_answer else self.source.full_answer_at,
            distrusted_until=poll.distrusted_until,
            warnings=self.warnings,
            window=self.source.window if poll.window is None else poll.window,
            moved_to=None if poll.has_moved else poll.moved_to,
            moved_seen=0 if poll.has_moved else poll.moved_seen,
            cursor=poll.cursor,
        )

    def _count(self, poll: PollResult) -> None:
        self.new += poll.new
        self.changed += poll.changed
        self._listed += poll.listed or 0
        self._known += poll.known or 0
        self._size += poll.size or 0
        self.unmasks_304s |= poll.unmasks_304s

    def page_error(self, error: IngestError) -> IngestError:
        """Return the error of a page as an error of the source: a page that is gone does not make the source gone."""
        return Refused(error.url, error.status) if isinstance(error, Gone) and self.cursor else error

    def complete_failed(self, poll: PollResult, error: IngestError) -> None:
        """Complete the failed result of a page, so that it is ready to commit; a refused cursor is dropped."""
        if not self.cursor:
            return
        poll.is_next_page = True
        if isinstance(error, Refused) and error.status in _REFUSALS:
            poll.validators, poll.body_hash = NO_VALIDATORS, None
            self._choose_validators(poll, self.cursor, None)
            poll.cursor, poll.may_have_lost = None, self._lost

    def add_pages(self, poll: PollResult) -> None:
        """Add the counts and entries of all pages to the committed result of the last one."""
        if self._pages < 2 and not poll.failure:
            return
        poll.size = self._size + (poll.size or 0 if poll.failure else 0)
        poll.new, poll.changed = tuple(self.new), tuple(self.changed)
        poll.document_warnings = tuple(self._found_warnings)
        if not poll.failure:
            poll.listed, poll.known = self._listed, self._known
            poll.outcome = "new" if poll.new or poll.changed else "known"


def _next(
    requested: Cursor | None, found: Cursor | None, *, empty: bool, repeats: bool, is_news: bool
) -> tuple[Cursor | None, bool]:
    """Return the cursor to request next, and whether this poll ends here."""
    if found is None:
        # New entries will appear at the same cursor, except at an empty page of "newer": the list became shorter.
        stays = requested is not None and (requested.kind == "since" or (requested.kind == "newer" and not empty))
        return (requested if stays else None), True
    ends = empty or repeats
    if found.kind == "since":
        return found, ends
    if found.kind == "older":
        ends = ends or not is_news
    return (None if ends else found), ends

"""Outcomes: the result of processing one claimed entry, for `save.save_outcomes` to commit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestd.model.article import Article
from ingestd.model.source import NO_VALIDATORS, Validators
from ingestd.model.version import Version
from ingestd.policy.articles.index_entry import IndexEntry
from ingestd.policy.articles.revisits import NO_VISITS, Visits
from ingestd.store.operations import failures
from ingestd.store.operations.decisions import DecisionStage
from ingestd.store.records import raws
from ingestd.store.work.entries import ClaimedEntry

# The daemon's metrics count outcomes by class name: a class that is renamed renames a label value.


@dataclass(frozen=True, slots=True, kw_only=True)
class SameText:
    """The text of a record's current revision, which differs from an article's only because of the extraction rules."""

    content_hash: str
    #: Its headline, if that too differs only because of the rules; None: compare the article's.
    headline: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The entry's article was extracted; `save_outcomes` decides which record it belongs to."""

    work: ClaimedEntry
    at: datetime
    article: Article
    content_hash: str
    #: The entry's URL, if it has one.
    url: str | None
    #: Whether the article was extracted from the entry's own content, not from a page.
    fragment: bool
    #: The page's URL after redirects, and its Content-Type header.
    page_url: str
    content_type: str | None
    #: The extractor's name and version, and the digest of its rules.
    extractor: str
    rules: str
    #: Hash of the text including the site's boilerplate; the site (empty: none); hashes of the text's blocks.
    whole_hash: str
    site: str
    block_hashes: tuple[int, ...]
    #: Set if other rules extracted the record, and today's would extract the same text from its page.
    same_text: SameText | None = None
    #: False: if other rules extracted the record of its address, `save_outcomes` leaves the outcome alone, to be
    #: compared with that record first.
    is_compared: bool = True
    #: Its entry of the full-text index, if it is made already.
    index: IndexEntry | None = None
    raw: raws.ArchivedRaw | None = None
    #: Validators of the page, for the next conditional request.
    validators: Validators = NO_VALIDATORS
    #: Fetches of the page so far, and the next revisit.
    visits: Visits = NO_VISITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """The entry's page is unchanged: HTTP 304, or the same text on a revisit."""

    work: ClaimedEntry
    at: datetime
    #: New validators of the page; None: keep those of the request.
    validators: Validators | None = None
    visits: Visits = NO_VISITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrapped:
    """The entry's enclosure holds versions of wire items, in document order."""

    work: ClaimedEntry
    at: datetime
    url: str
    versions: tuple[Version, ...]
    raw: raws.ArchivedRaw
    visits: Visits = NO_VISITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The page was not fetched: another entry of the same address has fetched it, and its record is carried."""

    work: ClaimedEntry
    at: datetime
    record_id: int
    #: The entry that fetched the page, and when it did.
    entry_id: int
    visited_at: datetime
    #: The other entry has the schedule of revisits.
    visits: Visits = NO_VISITS


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisitFailed:
    """A revisit found the page gone, or failed; the record stays as it is."""

    work: ClaimedEntry
    at: datetime
    visits: Visits
    #: None: the page is gone, which is not a failure.
    failure: failures.Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An attempt failed."""

    work: ClaimedEntry
    at: datetime
    failure: failures.Failure
    #: When to retry; None: the entry is quarantined.
    retry_at: datetime | None
    #: Failed attempts so far, local failures excluded.
    attempts: int
    #: Stage and reason of the decision to quarantine it; None: no decision to record.
    reason: tuple[DecisionStage, str] | None = None


EntryOutcome = Saved | Carried | Unwrapped | Untouched | RevisitFailed | Failed

#: saved.  lost: it is dropped, as its run has lost the claim.  uncompared: it is not saved yet (`Saved.is_compared`).
CommitResult = Literal["saved", "lost", "uncompared"]

"""What a filter sees of an event or of a record."""

from dataclasses import dataclass
from functools import cached_property

from ingestd.model.event import EventKind
from ingestd.model.item import Concept, PubStatus
from ingestd.model.search_terms import terms


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSource:
    """A source that carries the record."""

    id: int
    #: Its address, without user-info; of what is withdrawn followed by its former ones.
    urls: tuple[str, ...]
    title: str | None = None
    #: Whether it has carried the record from the first on, at one address: of the past of others less is known.
    always: bool = False


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An event, or a record, as filters see it.

    A value that is None is not known: it was not read, or it must not be shown.  A clause that asks for it is neither
    true nor false.
    """

    #: None: it is a record, and no event.
    kind: EventKind | None = None
    status: PubStatus | None = None
    #: Whether it takes back what was sent before, or may not be shown.  What is known of it then counts only against a
    #: clause: a carrier that it has now may have been missing when it was sent.
    withdrawn: bool = False
    sources: tuple[CandidateSource, ...] | None = None
    #: Registrable domains of the sources and of the pages.
    sites: frozenset[str] | None = None
    #: Codes and names of the agencies that issued it, case-folded.
    agencies: frozenset[str] | None = None
    #: BCP 47; of what is withdrawn, those of all its revisions.
    languages: frozenset[str] | None = None
    subjects: tuple[Concept, ...] | None = None
    stories: frozenset[int] | None = None
    headline: str | None = None
    text: str | None = None
    #: What of a withdrawn record can have been sent: each of its revisions as it was seen then.  A filter lets it
    #: through if it lets one of them through.  None: its revisions must not be looked at.
    former: "tuple[Former, ...] | None" = None

    @cached_property
    def headline_terms(self) -> list[str] | None:
        """The words of the headline, as `model.search_terms` compares them."""
        return None if self.headline is None else terms(self.headline)

    @cached_property
    def text_terms(self) -> list[str] | None:
        """The words of the text, of its first MAX_CHARACTERS."""
        return None if self.text is None else terms(self.text[:MAX_CHARACTERS])


@dataclass(frozen=True, kw_only=True)
class Former(Candidate):
    """A revision of a withdrawn record, as filters can have seen it.

    Its kinds, statuses, stories and titles of sources are not known: they may have been any.
    """

    #: Whether it was never shown.  Nobody has got it then, and a clause about what is not known keeps it out.
    unshown: bool = False
    #: Sites and agencies that it can have had, or not, besides those that it had for certain.
    maybe_sites: frozenset[str] = frozenset()
    maybe_agencies: frozenset[str] = frozenset()


#: Characters of a text in which words are looked for: as many as search looks at.
MAX_CHARACTERS = 200_000

"""What an article says of where its text is from."""

from datetime import datetime

from ingestd import urls
from ingestd.articles.agencies import operators
from ingestd.articles.agencies.credit_lines import credited
from ingestd.articles.agencies.operators import Agencies
from ingestd.articles.agencies.own_documents import own_agency
from ingestd.likeness.named_publishers import named_publishers
from ingestd.likeness.tellers import Teller
from ingestd.model.article import Article

#: Characters of an agency's name that the table of agencies does not have.
_LONGEST_NAME = 40


def teller(
    *,
    record: int,
    carrier: int = 0,
    publisher: str,
    article: Article,
    seen: datetime,
    is_wire: bool = False,
    provider: str | None = None,
    agencies: Agencies = (),
) -> Teller:
    """Return an appearance of an article, from what its first revision says.

    `publisher` is the registrable domain of its source.  `provider` names who issued a wire item: its code or its name.
    A wire item is always an agency's own document, also of one that the table of agencies does not have.
    `agencies` are those that the operator has added to the table.
    """
    site = urls.site(article.uri) if article.uri else ""
    named = [urls.site(f"https://{host}/") or host for host in named_publishers(article.body_text)]
    # A canonical address at another publisher says the same.
    named += [site] if site and not is_wire else []
    return Teller(
        record=record,
        carrier=carrier,
        publisher=publisher,
        agency=_agency(article, publisher, is_wire=is_wire, provider=provider, others=agencies),
        credits=credits_of(article, agencies),
        named=tuple(dict.fromkeys(one for one in named if one != publisher)),
        seen=seen,
        printed=_printed(article),
    )


def credits_of(article: Article, agencies: Agencies = ()) -> frozenset[str]:
    """Return the codes of the agencies that an article says it is from."""
    origins = {agency.code for agency in article.agencies if agency.role == "origin"}
    origins |= operators.credited(agencies, article.body_text, article.dateline, article.byline)
    return credited(article.body_text, dateline_line=article.dateline, byline=article.byline) | origins


def _agency(article: Article, publisher: str, *, is_wire: bool, provider: str | None, others: Agencies) -> str | None:
    if not is_wire:
        return own_agency(provider=None, site=publisher, source=article.source, others=others)
    names = [name for name in (provider, article.source) if name]
    known = [code for name in names if (code := own_agency(provider=name, site=None, source=None))]
    return (
        next(iter(known), None)
        or own_agency(provider=None, site=publisher, source=None, others=others)
        or (names[0] if names else publisher)[:_LONGEST_NAME]
    )


def _printed(article: Article) -> datetime | None:
    """Return when it was published, where that is stated to the minute; without a zone it proves nothing."""
    stated = article.firstcreated or article.versioncreated
    return stated if article.date_precision == "minute" else None

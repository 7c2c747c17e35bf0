"""Lines of `ingestd clean --batch`, in the format that the scorer of a corpus reads."""

from collections.abc import Mapping
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

from ingestd import times
from ingestd.articles.assemble import ExtractionResult
from ingestd.articles.witnesses import bylines
from ingestd.dates.stated_time import StatedTime
from ingestd.errors import IngestError
from ingestd.model.article import Article


def id_of(path: Path) -> str:
    """Return the name of a page's file without its extensions."""
    return path.name.removesuffix(".gz").removesuffix(".html")


def batch_line(path: Path, outcome: ExtractionResult | IngestError) -> Mapping[str, Any]:
    """Return the values of a page's line."""
    if isinstance(outcome, IngestError):
        empty = {"title": "", "authors": [], "published": "", "body": "", "language": ""}
        return {"id": id_of(path), **empty, "error": f"{type(outcome).__name__}: {outcome}"}
    article = outcome.article
    return {
        "id": id_of(path),
        "title": article.headline or "",
        "authors": _authors(article),
        "published": _published(outcome),
        "body": _printed_body(article),
        "language": article.language or "",
    }


def _authors(article: Article) -> tuple[str, ...]:
    """Return everyone in the byline.

    Desks and agencies are included if the byline is structured data or names no person.
    """
    listed = article.provenance.get("byline") in ("json_ld", "meta", "entry")
    signed = bylines.signatures(article.byline) if listed or not article.authors else ()
    return tuple(dict.fromkeys((*article.authors, *signed))) or tuple(filter(None, [article.byline]))


def _published(extraction: ExtractionResult) -> str:
    """Return the publication time as precisely as the page states it.

    A day has no time of day, and an assumed zone is left out.
    """
    article = extraction.article
    stated = extraction.testimony.get("firstcreated", {}).get(article.provenance.get("firstcreated", ""))
    written = times.iso(article.firstcreated) or ""
    if article.date_precision == "day":
        return written[:10]
    if article.date_precision == "assumed_zone":
        return written.removesuffix("Z")
    if (
        article.firstcreated
        and isinstance(stated, StatedTime)
        and stated.when == article.firstcreated
        and stated.offset
    ):
        return article.firstcreated.astimezone(timezone(timedelta(minutes=stated.offset))).isoformat(timespec="seconds")
    return written


def _printed_body(article: Article) -> str:
    """Return the text with the dek and the dateline, which extraction has removed from it."""
    printed = article.provenance.get("description_text") in ("page", "visible")
    body = f"{article.dateline} — {article.body_text}" if article.dateline else article.body_text
    return f"{article.description_text}\n\n{body}" if printed and article.description_text else body

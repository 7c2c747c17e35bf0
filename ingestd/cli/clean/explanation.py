"""Output of `ingestd clean --explain`: for each field, the witness that decided and what the others stated."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ingestd.articles.assemble import ExtractionResult
from ingestd.cli.output import show, show_table
from ingestd.dates.stated_time import StatedTime
from ingestd.model.article import Agency, Article, Image
from ingestd.times import iso

#: Names of fields in the record, where witnesses use another name.
_SHOWN_AS = {"images": "associations", "words": "truncated"}
#: Characters of a value that are shown.
_MAX_LENGTH = 160


def as_json(extraction: ExtractionResult) -> dict[str, Any]:
    """Return the article with its provenance and, in `testimony`, what each witness states about each field."""
    return {**asdict(extraction.article), "testimony": extraction.testimony}


def print_explained(name: str, extraction: ExtractionResult) -> None:
    """Print the fields of a page as a table: the value in use, marked with a star, then differing statements."""
    show(name)
    show_table(("field", "", "witness", "says"), _rows(extraction))
    show("")


def _rows(extraction: ExtractionResult) -> Iterator[tuple[str, str, str, str]]:
    article = extraction.article
    for field, statements in extraction.testimony.items():
        chosen = article.provenance.get(field)
        shown = _SHOWN_AS.get(field, field)
        result = _result(article, shown)
        yield shown, "*", chosen or _origin(field), result
        for witness, stated in statements.items():
            if witness != chosen or _as_line(stated) != result:
                yield "", "", witness, _as_line(stated)
    yield from _rows_from_text(article)


def _result(article: Article, field: str) -> str:
    value = getattr(article, field)
    if field == "firstcreated" and value and article.date_precision:
        value = StatedTime(value, article.date_precision)
    return _as_line(value)


def _origin(field: str) -> str:
    return "text and count" if field == "words" else "none"


def _rows_from_text(article: Article) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of fields that come from the text itself."""
    if article.dateline:
        yield "dateline", "*", "text", article.dateline
    for agency in article.agencies:
        yield "agencies", "*", ", ".join(place for place, _ in agency.evidence), _as_line(agency)
    yield "body_text", "*", "text", f"{len(article.body_text.split())} words: {_as_line(article.body_text)}"


def _as_line(value: object) -> str:
    """Return a value of any field on one line, shortened."""
    line = _line(value)
    return line if len(line) <= _MAX_LENGTH else f"{line[:_MAX_LENGTH]}…"


def _line(value: object) -> str:
    if value in (None, ()):
        return "—"
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return str(value)


#: How to write a value, by type; the first type that fits applies.
_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda yes: "yes" if yes else "no"),
    (StatedTime, lambda time: f"{iso(time.when)} ({time.precision.replace('_', ' ')})"),
    (datetime, lambda when: iso(when) or ""),
    (Image, lambda image: " — ".join(filter(None, (image.href, image.caption, image.credit)))),
    (
        Agency,
        lambda agency: f"{agency.code}, {agency.role}: " + "; ".join(f"“{words}”" for _, words in agency.evidence),
    ),
    (tuple, lambda values: ", ".join(map(_line, values))),
)

"""What `ingestd clean --explain` says: for each field, who was believed and what the other witnesses said."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ingestd.articles.assemble import ExtractionResult
from ingestd.articles.witnesses.stated_times import StatedTime
from ingestd.cli.output import show, show_table
from ingestd.model.article import Agency, Article, Image
from ingestd.times import iso

#: What a field is called in the record, where a witness speaks of something else.
_SHOWN_AS = {"images": "associations", "words": "truncated"}
_LONGEST = 160


def as_json(extraction: ExtractionResult) -> dict[str, Any]:
    """Return the record with its provenance, and below `testimony` what each witness says of each field."""
    return {**asdict(extraction.article), "testimony": extraction.testimony}


def print_explained(name: str, extraction: ExtractionResult) -> None:
    """Print a page's fields as a table: what holds, marked with a star, and what else was said, in the order asked."""
    show(name)
    show_table(("field", "", "witness", "says"), _rows(extraction))
    show("")


def _rows(extraction: ExtractionResult) -> Iterator[tuple[str, str, str, str]]:
    article = extraction.article
    for field, said in extraction.testimony.items():
        believed = article.provenance.get(field)
        shown = _SHOWN_AS.get(field, field)
        result = _result(article, shown)
        yield shown, "*", believed or _origin(field), result
        for witness, answer in said.items():
            if witness != believed or _words(answer) != result:
                yield "", "", witness, _words(answer)
    yield from _unheard(article)


def _result(article: Article, field: str) -> str:
    value = getattr(article, field)
    if field == "firstcreated" and value and article.date_precision:
        value = StatedTime(value, article.date_precision)
    return _words(value)


def _origin(field: str) -> str:
    return "text and count" if field == "words" else "nobody"


def _unheard(article: Article) -> Iterator[tuple[str, str, str, str]]:
    """Return the rows of what the text itself decides."""
    if article.dateline:
        yield "dateline", "*", "text", article.dateline
    for agency in article.agencies:
        yield "agencies", "*", ", ".join(place for place, _ in agency.evidence), _words(agency)
    yield "body_text", "*", "text", f"{len(article.body_text.split())} words: {_words(article.body_text)}"


def _words(value: object) -> str:
    """Return a value of any field as a reader would write it, on one line."""
    line = _line(value)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _line(value: object) -> str:
    if value in (None, ()):
        return "—"
    for kind, write in _WRITTEN:
        if isinstance(value, kind):
            return write(value)
    return str(value)


#: How a value of each kind is written; the first that fits.
_WRITTEN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda yes: "yes" if yes else "no"),
    (StatedTime, lambda moment: f"{iso(moment.when)} ({moment.precision.replace('_', ' ')})"),
    (datetime, lambda when: iso(when) or ""),
    (Image, lambda image: " — ".join(filter(None, (image.href, image.caption, image.credit)))),
    (Agency, lambda agency: f"{agency.code}, {agency.role}: " + "; ".join(f"“{said}”" for _, said in agency.evidence)),
    (tuple, lambda values: ", ".join(map(_line, values))),
)

"""Rows of `sources` as values, with hints and warnings from their JSON."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from ingestd.model.source import NO_HINTS, Cursor, Hints, Pace, Source, Validators
from ingestd.store.polls.source_warnings import warnings_from_json
from ingestd.store.schema.tables import sources

_HINTED_LISTS = ("skip_hours", "skip_days")
_HINTED_SECONDS = tuple(name for name in Hints.__slots__ if name not in _HINTED_LISTS)

_c = sources.c

#: The columns that a `Source` is made of.
COLUMNS = (
    _c.id, _c.url, _c.title, _c.home, _c.interval, _c.etag, _c.last_modified, _c.body_hash, _c.due_at, _c.failures,
    _c.condition, _c.obeys_robots, _c.hints, _c.arrivals, _c.observed, _c.squares, _c.last_success_at, _c.last_read_at,
    _c.last_new_at, _c.full_answer_at, _c.distrusted_until, _c.warnings, _c.window, _c.moved_to, _c.moved_seen,
    _c.pushed_until, _c.cursor, _c.cursor_kind, _c.claims,
)  # fmt: skip


def source_from_row(row: Row[Any]) -> Source:
    """Return a row that has the `COLUMNS`, among others, as a `Source`."""
    return source_from_values(getattr(row, column.name) for column in COLUMNS)


def source_from_values(values: Iterable[Any]) -> Source:
    """Return the values of the `COLUMNS`, in their order, as a `Source`: a row gives them ten times faster than names.

    An unreadable value of hints and warnings counts as absent.
    """
    (
        source_id, url, title, home, interval, etag, last_modified, body_hash, due_at, failures,
        condition, obeys_robots, hints, arrivals, hours, squares, last_success_at, last_read_at,
        last_new_at, full_answer_at, distrusted_until, warnings, window, moved_to, moved_seen,
        pushed_until, cursor, cursor_kind, claims,
    ) = values  # fmt: skip
    return Source(
        id=source_id,
        url=url,
        title=title,
        home=home,
        interval=interval,
        validators=Validators(etag=etag, last_modified=last_modified),
        body_hash=body_hash,
        due_at=due_at,
        failures=failures,
        maybe_gone=condition == "gone",
        obeys_robots=obeys_robots,
        hints=hints_from_json(hints),
        pace=Pace(arrivals=arrivals, hours=hours, squares=squares) if hours else None,
        last_success_at=last_success_at,
        last_read_at=last_read_at,
        last_new_at=last_new_at,
        full_answer_at=full_answer_at,
        distrusted_until=distrusted_until,
        warnings=warnings_from_json(warnings),
        window=window,
        moved_to=moved_to,
        moved_seen=moved_seen,
        pushed_until=pushed_until,
        cursor=Cursor(url=cursor, kind=cursor_kind) if cursor else None,
        claim=claims,
    )


def shown_values(row: Row[Any]) -> dict[str, Any]:
    """Return the columns of a row of `sources` that are shown to operators."""
    values = {name: value for name, value in row._mapping.items() if name not in ("body_hash", "run_id")}
    warnings = [{"text": one.text, "since": one.since} for one in warnings_from_json(row.warnings)]
    return {**values, "hints": hints_as_json(hints_from_json(row.hints)), "warnings": warnings}


def hints_from_json(value: Any) -> Hints:
    """Return hints from their JSON value, without those that this program cannot read: the next poll has them anew."""
    if not isinstance(value, dict):
        return NO_HINTS
    lists: dict[str, Any] = {
        name: tuple(value[name])
        for name in _HINTED_LISTS
        if isinstance(value.get(name), list) and all(type(one) is int for one in value[name])
    }
    seconds = {name: value[name] for name in _HINTED_SECONDS if type(value.get(name)) in (int, float)}
    return Hints(**lists, **seconds)


def hints_as_json(hints: Hints) -> dict[str, Any] | None:
    """Return hints as a JSON value without absent ones, or None if there are none."""
    if hints == NO_HINTS:
        return None
    return {name: found for name in Hints.__slots__ if (found := getattr(hints, name)) not in (None, ())}

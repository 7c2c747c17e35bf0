"""Reading records: find and list (`search` and `export` are modules of their own)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound, UnreadableContent, UsageError
from ingestd.model.article import Agency, Article, Image
from ingestd.model.item import Item, PubStatus
from ingestd.model.item_json import item_from_json
from ingestd.model.record import Carrier, Evidence, Record
from ingestd.model.story import Copy
from ingestd.policy.wire.redaction import may_be_shown, redacted
from ingestd.store.records import evidence
from ingestd.store.records.content import PACKED, content_of, unreadable_as_error
from ingestd.store.schema.tables import carriers, events, records, revisions, sources
from ingestd.store.stories import copies
from ingestd.times import iso

CURRENT = (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision)

#: Status that records must have; "all": any; "unconfirmed": killed by words alone, and nobody has decided yet.
Status = PubStatus | Literal["all", "unconfirmed"]

#: Ids listed in the error for an ambiguous name.
_MAX_LISTED = 20

#: Digits of the longest name taken for an id: ids have 63 bits.
_MAX_DIGITS = 18

#: What a packed row has in these columns says nothing; to parse it took a third as long as to unpack the content.
UNPACKED = tuple(case((revisions.c.content.is_(None), revisions.c[name])).label(name) for name in PACKED)

_COLUMNS = (
    records.c.id.label("record_id"), func.coalesce(records.c.item_guid, records.c.guid).label("guid"), records.c.uri,
    records.c.pubstatus, records.c.id_origin, records.c.release_at, records.c.origin_entry_id,
    revisions.c.pubstatus.label("revision_status"),
    *(column for column in revisions.c if column.name not in ("id", "record_id", "pubstatus", *PACKED)),
    *UNPACKED,
)  # fmt: skip

#: The current revisions of records.
SELECT_RECORDS = select(*_COLUMNS).join_from(records, revisions, CURRENT)


async def find(
    connection: AsyncConnection, name: str, *, as_of: datetime | None = None, include_withheld: bool = False
) -> Record:
    """Return the record with an id, guid or canonical URL, as it is now or was known at `as_of`.

    The names of a merged record lead to the one that it was merged into.
    `as_of` selects the revision that was current then, with its status then and the carriers seen by then.
    A record that is withheld or killed now, or whose revision is, comes without its content unless `include_withheld`.

    Raises UsageError when there is no such record, there was none yet, or the name is ambiguous: two agencies may use
    the same guid unless it is a URI.
    """
    if name.isascii() and name.isdigit() and len(name) <= _MAX_DIGITS:
        column = records.c.id == int(name)
    else:
        column = (records.c.guid == name) | (records.c.uri == name) | (records.c.item_guid == name)
    rows = (await connection.execute(SELECT_RECORDS.where(column).order_by(records.c.id).limit(_MAX_LISTED))).all()
    if not rows:
        into = select(records.c.merged_into).where(column, records.c.merged_into.is_not(None))
        rows = (await connection.execute(SELECT_RECORDS.where(records.c.id.in_(into)).limit(_MAX_LISTED))).all()
    if not rows:
        raise NotFound(f"no record {name}; `ingestd records list` shows the latest records")
    if len(rows) > 1:
        numbers = (str(row.record_id) for row in rows)
        raise UsageError(f"several records match {name}; use the id of one of them: {', '.join(numbers)}")
    row = rows[0]
    if as_of is not None:
        row = await _as_of(connection, row.record_id, as_of)
    [record] = await with_carriers(connection, [row], until=as_of)
    if as_of is not None:
        record = replace(record, pubstatus=await _status_at(connection, record, as_of))
    # By its status now, not then: what has been killed since is not shown either.
    return record if include_withheld or may_be_shown(row.pubstatus, row.revision_status) else redacted(record)


async def _as_of(connection: AsyncConnection, record_id: int, when: datetime) -> Row[Any]:
    of_record = revisions.c.record_id == record_id
    query = select(*_COLUMNS).join_from(records, revisions, revisions.c.record_id == records.c.id)
    # A late revision was never current.
    query = query.where(of_record, revisions.c.seen_at <= when, revisions.c.change != "late")
    query = query.order_by(revisions.c.revision.desc()).limit(1)
    if row := (await connection.execute(query)).first():
        return row
    first = (await connection.execute(select(func.min(revisions.c.seen_at)).where(of_record))).scalar_one()
    raise NotFound(f"record {record_id} did not exist at {iso(when)}; it was saved at {iso(first)}")


async def _status_at(connection: AsyncConnection, record: Record, when: datetime) -> PubStatus:
    c = events.c
    query = select(c.pubstatus).where(c.record_id == record.id, c.at <= when, c.pubstatus.is_not(None))
    status: PubStatus | None = (await connection.execute(query.order_by(c.seq.desc()).limit(1))).scalar()
    return status or record.pubstatus


async def newest(
    connection: AsyncConnection,
    *,
    limit: int,
    source_id: int | None = None,
    since: datetime | None = None,
    status: Status = "usable",
) -> list[Record]:
    """Return the records saved or revised last, newest first; with `source_id`, those that the source carries."""
    query = filtered(SELECT_RECORDS, source_id, since, status)
    query = query.order_by(records.c.updated_at.desc(), records.c.id.desc())
    return await readable(connection, (await connection.execute(query.limit(limit))).all())


async def revisions_of(
    connection: AsyncConnection,
    record_id: int,
    *,
    until: datetime | None = None,
    numbers: Sequence[int] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Row[Any]]:
    """Return the revisions of a record, oldest first; with `until`, those saved by then.

    With `numbers`, only those; with `limit`, so many above `after`.
    `record_status` is the record's status now: a caller shows no content of a revision unless `may_be_shown`.
    """
    query = select(revisions, records.c.pubstatus.label("record_status")).join(records, records.c.id == record_id)
    query = query.where(revisions.c.record_id == record_id, revisions.c.revision > after)
    if until is not None:
        query = query.where(revisions.c.seen_at <= until)
    if numbers is not None:
        query = query.where(revisions.c.revision.in_(numbers))
    return list((await connection.execute(query.order_by(revisions.c.revision).limit(limit))).all())


async def revision_numbers(connection: AsyncConnection, record_id: int) -> list[int]:
    """Return the numbers of the revisions of a record, which may have gaps, in ascending order."""
    query = select(revisions.c.revision).where(revisions.c.record_id == record_id).order_by(revisions.c.revision)
    return list((await connection.execute(query)).scalars())


def filtered(query: Select[Any], source_id: int | None, since: datetime | None, status: Status) -> Select[Any]:
    """Restrict a query of records to those that a source carries, changed since then, and of a status."""
    if status == "unconfirmed":
        query = query.where(records.c.unconfirmed_kill_at.is_not(None))
    elif status != "all":
        query = query.where(records.c.pubstatus == status)
    if source_id is not None:
        query = query.where(records.c.id.in_(select(carriers.c.record_id).where(carriers.c.source_id == source_id)))
    return query if since is None else query.where(records.c.updated_at >= since)


async def readable(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Record]:
    """Return rows as records with carriers, without those that cannot be read, which the log names."""
    found = []
    for parts in await _carried(connection, rows, None):
        try:
            found.append(_record(*parts))
        except UnreadableContent as error:
            _log().warning("record left out", record=parts[0].record_id, error=str(error))
    return found


async def with_carriers(
    connection: AsyncConnection, rows: Sequence[Row[Any]], *, until: datetime | None = None
) -> list[Record]:
    """Return rows as records, with carriers and evidence oldest first; with `until`, those seen by then.

    Raises UnreadableContent.
    """
    return [_record(*parts) for parts in await _carried(connection, rows, until)]


_Seen = Sequence[tuple[int, Evidence]]


async def _carried(
    connection: AsyncConnection, rows: Sequence[Row[Any]], until: datetime | None
) -> list[tuple[Row[Any], tuple[Carrier, ...], _Seen, Copy]]:
    """Return rows with their carriers, their evidence and whose text they have."""
    ids = [row.record_id for row in rows]
    query = (
        select(carriers, sources.c.url.label("source_url"))
        .join(sources, sources.c.id == carriers.c.source_id)
        .where(carriers.c.record_id.in_(ids))
        .order_by(carriers.c.seen_at, carriers.c.entry_id)
    )
    if until is not None:
        query = query.where(carriers.c.seen_at <= until)
    found: dict[int, list[Carrier]] = {}
    for row in (await connection.execute(query)).all() if ids else ():
        carrier = Carrier(source_id=row.source_id, source_url=row.source_url, url=row.url, seen_at=row.seen_at)
        found.setdefault(row.record_id, []).append(carrier)
    seen = await evidence.of_records(connection, ids, until=until)
    copy_of = await copies.of_records(connection, ids)
    carried = {record_id: tuple(found.get(record_id, ())) for record_id in ids}
    return [(row, carried[one], seen.get(one, []), copy_of[one]) for row, one in zip(rows, ids, strict=True)]


def _record(row: Row[Any], carried: tuple[Carrier, ...], seen: _Seen, copy: Copy) -> Record:
    return Record(
        id=row.record_id,
        guid=row.guid,
        revision=row.revision,
        pubstatus=row.pubstatus,
        article=article_of(row, row.uri),
        content_hash=row.content_hash,
        seen_at=row.seen_at,
        carriers=carried,
        id_origin=row.id_origin or "assigned",
        item=item_of(row),
        release_at=row.release_at,
        gone_since=evidence.gone_since([one for entry_id, one in seen if entry_id == row.origin_entry_id]),
        evidence=tuple(one for _, one in seen),
        copy=copy,
    )


def item_of(row: Row[Any]) -> Item | None:
    """Return the item of a row of `revisions`, None if it has none; raises UnreadableContent."""
    with unreadable_as_error(row):
        return None if row.item is None else item_from_json(row.item)


def article_of(row: Row[Any], uri: str | None) -> Article:
    """Return the article of a row of `revisions`; raises UnreadableContent."""
    content = content_of(row)
    with unreadable_as_error(row):
        return _article(row, content, uri, authors=tuple(row.authors))


def article_or_headline(row: Row[Any], uri: str | None) -> Article:
    """Return the article of a row of `revisions`, without a text if its content is damaged, which the log says."""
    try:
        return article_of(row, uri)
    except UnreadableContent as error:
        _log().warning("text is lost", record=row.record_id, error=str(error))
        return _article(row, PACKED, uri, authors=())


def _article(row: Row[Any], content: Mapping[str, Any], uri: str | None, *, authors: tuple[str, ...]) -> Article:
    return Article(
        headline=row.headline,
        body_text=content["body_text"],
        body_html=content["body_html"],
        description_text=content["description_text"],
        byline=row.byline,
        authors=authors,
        firstcreated=row.firstcreated,
        versioncreated=row.versioncreated,
        date_precision=row.date_precision,
        language=row.language,
        dateline=row.dateline,
        source=row.source,
        uri=uri,
        usageterms=row.usageterms,
        associations=tuple(Image(**_known(Image, image)) for image in content["associations"]),
        agencies=tuple(map(_agency, content["agencies"])),
        paywall=row.paywall,
        truncated=row.truncated,
        provenance=content["provenance"],
    )


def _known(kind: type[Any], stored: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that this program knows: a newer one may have written others."""
    return {name: value for name, value in stored.items() if name in kind.__slots__}


def _agency(stored: dict[str, Any]) -> Agency:
    given = tuple((place, words) for place, words in stored["evidence"])
    return Agency(**{**_known(Agency, stored), "evidence": given})


async def count(connection: AsyncConnection) -> int:
    """Return the number of records."""
    return int((await connection.execute(select(func.count()).select_from(records))).scalar_one())


def _log() -> Any:
    # Imported here: commands that only read records start faster without it.
    import structlog  # noqa: PLC0415

    return structlog.get_logger(__name__)

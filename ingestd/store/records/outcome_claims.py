"""Whether an outcome still counts: the claim that it was made under, and whether the entry has changed since.

An outcome of another claim is dropped.  There is one exception: while an entry is processed, its feed may change it.
The text that was found is then saved as a revision, before that of the changed entry, and the entry stays pending.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.records.outcomes import EntryOutcome, Failed, Saved, Unwrapped
from ingestd.store.schema.tables import entries, records
from ingestd.store.statements import chunks
from ingestd.store.work.addresses import has_address

#: current: the outcome finishes the entry.  changed: it is saved, but the entry stays pending.  lost: it is dropped.
#: uncompared: it is not saved before it has been compared with the record of its address (`Saved.is_compared`).
ClaimState = Literal["current", "changed", "lost", "uncompared"]


@dataclass(slots=True)
class _Row:
    run_id: str | None
    claims: int
    fingerprint: str
    state: str
    record_id: int | None


async def lock_claims(
    connection: AsyncConnection, outcomes: Sequence[EntryOutcome]
) -> list[tuple[EntryOutcome, ClaimState]]:
    """Lock the entries of outcomes, in the order of their ids; returns each outcome with the state of its claim.

    The outcomes returned name the present record of their entry: another transaction may have given it one.
    """
    rows: dict[int, _Row] = {}
    c = entries.c
    # The other entries of failed addresses share the failure.
    urls = {outcome.work.entry.link for outcome in outcomes if isinstance(outcome, Failed) and outcome.work.entry.link}
    ids = {outcome.work.id for outcome in outcomes}
    if urls and connection.dialect.name == "postgresql":
        pending = select(c.id).where(has_address(entries, urls), c.state == "pending")
        ids.update((await connection.execute(pending)).scalars())
    for some in chunks(sorted(ids)):
        for row in await connection.execute(_LOCK, {"ids": some}):
            rows[row.id] = _Row(*row[1:])
    judged = [_judged(outcome, rows.get(outcome.work.id)) for outcome in outcomes]
    rules = await _rules_of_addresses(connection, outcomes)
    return [
        (outcome, "uncompared" if state != "lost" and _is_by_other_rules(outcome, rules) else state)
        for outcome, state in judged
    ]


# Built once: to build a statement takes longer than to execute it.
_LOCK = (
    select(
        entries.c.id, entries.c.run_id, entries.c.claims, entries.c.fingerprint, entries.c.state, entries.c.record_id
    )
    .where(entries.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(entries.c.id)
    .with_for_update(key_share=True)
)

_RULES = select(records.c.uri, records.c.rules).where(
    records.c.uri.in_(bindparam("uris", expanding=True)), records.c.item_key.is_(None)
)


async def _rules_of_addresses(connection: AsyncConnection, outcomes: Sequence[EntryOutcome]) -> dict[str, str | None]:
    """Return the rules that extracted the records of outcomes that are not compared yet, by canonical URL."""
    uris = {one.article.uri for one in outcomes if isinstance(one, Saved) and not one.is_compared and one.article.uri}
    found: dict[str, str | None] = {}
    for some in chunks(sorted(uris)):
        found.update((row.uri, row.rules) for row in await connection.execute(_RULES, {"uris": some}))
    return found


def _is_by_other_rules(outcome: EntryOutcome, rules: Mapping[str, str | None]) -> bool:
    if not isinstance(outcome, Saved) or outcome.is_compared:
        return False
    return rules.get(outcome.article.uri or "", outcome.rules) != outcome.rules


def _judged(outcome: Any, row: _Row | None) -> tuple[EntryOutcome, ClaimState]:
    work = outcome.work
    if row is None:
        return outcome, "lost"
    present = replace(outcome, work=replace(work, record_id=row.record_id))
    if (row.run_id, row.claims) == (work.run_id, work.claim):
        row.run_id = None
        return present, "current"
    # Unclaimed since it changed, or claimed once and not finished: no later text is saved.
    not_overtaken = row.claims == work.claim or (row.claims == work.claim + 1 and row.run_id is not None)
    has_changed = row.state == "pending" and row.fingerprint != work.fingerprint
    if has_changed and not_overtaken and isinstance(outcome, Saved | Unwrapped):
        return present, "changed"
    return outcome, "lost"

"""Send the heartbeat of this run, and release claims on which nobody works."""

from datetime import UTC, datetime

import structlog

from ingestd.pipeline.node import Node
from ingestd.store.database import Database
from ingestd.store.work import own_claims, runs
from ingestd.store.work.own_claims import OwnClaims

log = structlog.get_logger(__name__)


async def send_heartbeat(
    database: Database,
    run_id: str,
    *,
    role: str,
    observer: runs.RunObserver,
    claims: OwnClaims,
    node: Node | None = None,
) -> None:
    """Record a heartbeat, then release the claims of dead runs and those of this run that nothing here holds.

    `node` gives its sign of life with the heartbeat.
    """
    async with database.write() as connection:
        await runs.heartbeat(connection, run_id, role=role, now=datetime.now(UTC))
        if node:
            await node.give_sign(connection, run_id)
    # Apart from the heartbeat: two runs that each delete the other must not wait for each other.
    async with database.write() as connection:
        gone = await runs.expire_dead(connection, observer)
    if gone:
        log.info("ended dead runs", runs=gone)
    async with database.read() as connection:
        abandoned = await own_claims.find_abandoned(connection, run_id, claims)
    if abandoned:
        async with database.write() as connection:
            count = await own_claims.give_back(connection, run_id, abandoned)
        log.warning("gave abandoned claims back", claims=count)

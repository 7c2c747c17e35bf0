"""Whether a commit survives a crash of the server: settings of PostgreSQL may say no."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def unsafe_settings(connection: AsyncConnection) -> list[str]:
    """Return the settings of the server, role or database with which a crash loses commits that were acknowledged."""
    if connection.dialect.name != "postgresql":
        return []
    # The commit is reported before it is on the disk (PostgreSQL, 28.4).
    setting = (await connection.execute(text("SHOW synchronous_commit"))).scalar_one()
    return ["synchronous_commit"] if setting == "off" else []

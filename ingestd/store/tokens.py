"""Tokens of the API.  Of a secret only its hash is kept: it has 256 random bits, so no guess finds it."""

import re
import secrets
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NameTaken, NotFound, UsageError
from ingestd.model.token import Role, Token
from ingestd.store.schema.tables import tokens
from ingestd.store.statements import insert_if_absent

#: Every secret begins with it, so that scanners of repositories and logs recognise one that has leaked.
PREFIX = "ingestd_"

#: Most tokens of a database: a daemon keeps all of them in memory.
MOST = 1_000

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

_COLUMNS = [column.name for column in tokens.c]


def hash_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return sha256(secret.encode(errors="surrogateescape")).hexdigest()


async def add(
    connection: AsyncConnection,
    name: str,
    *,
    role: Role,
    filter: str = "",  # noqa: A002 - the word of commands, columns and settings
    expires_at: datetime | None = None,
    now: datetime,
) -> tuple[Token, str]:
    """Add a token; returns it and its secret, which cannot be read again.  The caller has checked the filter.

    Raises NameTaken, and UsageError when the name is none or the expiry is past.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a token: use a-z, 0-9 and '-', 64 characters at most")
    if expires_at is not None and expires_at <= now:
        raise UsageError("the token would have expired already")
    if (await connection.execute(select(func.count()).select_from(tokens))).scalar_one() >= MOST:
        raise UsageError(f"there are {MOST} tokens, which is the most; revoke one first")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = {
        "name": name, "sha256": hash_of(secret), "role": role, "filter": filter, "created_at": now,
        "expires_at": expires_at,
    }  # fmt: skip
    if not await insert_if_absent(connection, tokens, row):
        raise NameTaken(f"there is a token {name} already; `ingestd tokens revoke {name}` removes it")
    return next(one for one in await list_all(connection) if one.name == name), secret


async def list_all(connection: AsyncConnection) -> list[Token]:
    """Return all tokens, also those that have expired, by name."""
    rows = await connection.execute(select(tokens).order_by(tokens.c.name))
    return [Token(**{name: row._mapping[name] for name in _COLUMNS}) for row in rows]


async def revoke(connection: AsyncConnection, name: str) -> None:
    """Remove a token; a daemon refuses it within some seconds.  Raises NotFound."""
    found = await connection.execute(delete(tokens).where(tokens.c.name == name).returning(tokens.c.id))
    if found.first() is None:
        raise NotFound(f"no token {name}; `ingestd tokens list` shows all")


async def mark_used(connection: AsyncConnection, token_id: int, hour: datetime) -> None:
    """Note that a token was used in an hour, unless a later one is noted."""
    c = tokens.c
    earlier = or_(c.used_at.is_(None), c.used_at < hour)
    await connection.execute(update(tokens).where(c.id == token_id, earlier).values(used_at=hour))

"""`ingestd tokens add`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ingestd import filters
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json
from ingestd.errors import UsageError
from ingestd.model.token import ROLES, Role, Token
from ingestd.store import tokens
from ingestd.times import iso, parse_iso, utc
from ingestd.units import parse_duration


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the token, for lists and the log.")],
    role: Annotated[str, typer.Option(metavar="ROLE", help="read, operate or admin.")],
    filter_: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help="What it may see, as in 'source:3 language:de'.")
    ] = "",
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it expires: ISO 8601, or after how long, as in 90d.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add a token of the API and print its secret, once.

    Exit status: 0 on success, 2 if the name is taken, or a value is not valid.
    """
    now = datetime.now(UTC)
    wanted = _role(role)
    chosen, expires_at = str(filters.parse(filter_)), _expiry(expires, now)

    async def work() -> tuple[Token, str]:
        async with open_database(config) as database, database.write() as connection:
            return await tokens.add(connection, name, role=wanted, filter=chosen, expires_at=expires_at, now=now)

    token, secret = asyncio.run(work())
    if json:
        show_json({
            "name": token.name, "role": token.role, "filter": token.filter, "expires_at": iso(token.expires_at),
            "secret": secret,
        })  # fmt: skip
        return
    show(secret)


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text:
            return role
    raise UsageError(f"--role: {text!r} should be one of {', '.join(ROLES)}")


def _expiry(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    if when := parse_iso(text):
        return utc(when)
    try:
        return now + timedelta(seconds=parse_duration(text))
    except (ValueError, OverflowError) as error:  # after the year 9999
        raise UsageError(f"--expires: {text!r} is not a time: write 2027-01-31, or 90d for a time from now") from error

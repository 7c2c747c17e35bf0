"""`ingestd health`: ask the running daemon how it is."""

import asyncio
import json
from typing import Annotated, Any

import aiohttp
import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json, show_table
from ingestd.errors import UsageError
from ingestd.settings import Listen, load
from ingestd.units import show_duration

#: Seconds for the whole answer; the daemon itself takes one at most.
_LIMIT = 3.0

#: What a server listens at to be reached at every address of its own, and where that is from here.
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound to


def health(
    config: ConfigOption = None,
    ready: Annotated[bool, typer.Option("--ready", help="Ask only whether work can be expected of it.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Ask only whether it answers.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the running daemon how it is.

    Exit status: 0 when it passes, with or without warnings; 1 when it fails; 2 when nobody answers.
    """
    if ready and live:
        raise UsageError("--ready or --live, not both")
    path = "readyz" if ready else "livez" if live else "health"
    status, body = asyncio.run(_ask(load(config).listen, path))
    if path != "health":
        _show_verdict(body, passes=status == 200, as_json=as_json)
    elif as_json:
        show_json(_read(body))
    else:
        show_table(("status", "check", "observed", "output"), _rows(_read(body)))
    raise typer.Exit(0 if status == 200 else 1)


async def _ask(listen: Listen, path: str) -> tuple[int, str]:
    """Return the daemon's answer: HTTP status and text; raises UsageError when there is none."""
    if listen.path is None and not listen.port:
        raise UsageError("listen has port 0, which is any free one: `ingestd run` logs which it is")
    connector = aiohttp.UnixConnector(str(listen.path)) if listen.path else aiohttp.TCPConnector()
    place = Listen(host=_ANY_ADDRESS.get(listen.host, listen.host), port=listen.port) if not listen.path else "ingestd"
    limit = aiohttp.ClientTimeout(total=_LIMIT)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limit) as session,
            session.get(f"http://{place}/{path}") as reply,
        ):
            return reply.status, await reply.text()
    except TimeoutError as error:
        raise UsageError(f"what listens at {listen} did not answer within {_LIMIT:.0f} s") from error
    except (aiohttp.ClientError, UnicodeError) as error:
        raise UsageError(
            f"nobody answers at {listen}: `ingestd run` starts the daemon, and its setting `listen` says where it is"
        ) from error


def _show_verdict(body: str, *, passes: bool, as_json: bool) -> None:
    if as_json:
        show_json({"status": "pass" if passes else "fail", "output": body})
    else:
        show(body)


def _read(body: str) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(body)
        _rows(report)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UsageError("what answers there is not ingestd: it gives no health report") from error
    return report


def _rows(report: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (check["status"], name, _observed(check), check.get("output", ""))
        for name, checks in report["checks"].items()
        for check in checks
    ]


def _observed(check: dict[str, Any]) -> str:
    value, unit = check.get("observedValue"), check["observedUnit"]
    if value is None:
        return ""
    return show_duration(value) if unit == "s" else f"{value:,g} {unit}"

"""`ingestd health`."""

import asyncio
import json
from typing import Annotated, Any

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json, show_table
from ingestd.errors import UsageError
from ingestd.settings import Listen, load
from ingestd.units import show_duration

#: Seconds for the whole response; the daemon itself needs one at most.
_TIMEOUT = 3.0

#: Address to connect to if the daemon listens on every address of this host.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound to


def health(
    config: ConfigOption = None,
    ready: Annotated[bool, typer.Option("--ready", help="Only check whether the daemon accepts work.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Only check whether the daemon answers.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the running daemon for its health.

    Exit status: 0 if all checks pass, with or without warnings, 1 if one fails, 2 if the daemon does not answer.
    """
    if ready and live:
        raise UsageError("give --ready or --live, not both")
    path = "readyz" if ready else "livez" if live else "health"
    status, body = asyncio.run(_get(load(config).listen, path))
    if path != "health":
        _show_verdict(body, passes=status == 200, as_json=as_json)
    elif as_json:
        show_json(_read_report(body))
    else:
        show_table(("status", "check", "observed", "output"), _rows(_read_report(body)))
    raise typer.Exit(0 if status == 200 else 1)


async def _get(listen: Listen, path: str) -> tuple[int, str]:
    """Return the daemon's response: HTTP status and text; raises UsageError if there is none."""
    if listen.path is None and not listen.port:
        raise UsageError("`listen` has port 0, which is any free port; the log of `ingestd run` names it")
    try:
        async with asyncio.timeout(_TIMEOUT):
            return _parse(await _request(listen, path))
    except TimeoutError as error:
        raise UsageError(f"no answer from {listen} within {_TIMEOUT:.0f} s") from error
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"cannot connect to {listen}: start the daemon with `ingestd run`, or set `listen` to where it listens"
        ) from error


async def _request(listen: Listen, path: str) -> bytes:
    """Return the daemon's response as it was sent.

    HTTP/1.0, so that the response ends with the connection. No HTTP client is imported: aiohttp takes longer to
    import than all the rest of this command.
    """
    if listen.path is not None:
        reader, writer = await asyncio.open_unix_connection(listen.path)
    else:
        reader, writer = await asyncio.open_connection(_LOOPBACK.get(listen.host, listen.host), listen.port)
    try:
        writer.write(f"GET /{path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        return await reader.read()
    finally:
        writer.close()


def _parse(response: bytes) -> tuple[int, str]:
    """Return the status and the text of an HTTP response (RFC 9112, 4); raises UsageError."""
    head, _, body = response.partition(b"\r\n\r\n")
    match head.partition(b"\r\n")[0].split(maxsplit=2):
        case [version, status, *_] if version.startswith(b"HTTP/1.") and status.isdigit():
            return int(status), body.decode()
    raise UsageError(_NOT_INGESTD)


_NOT_INGESTD = "another program answers there, not ingestd: its response is not a health report"


def _show_verdict(body: str, *, passes: bool, as_json: bool) -> None:
    if as_json:
        show_json({"status": "pass" if passes else "fail", "output": body})
    else:
        show(body)


def _read_report(body: str) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(body)
        _rows(report)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UsageError(_NOT_INGESTD) from error
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

"""`ingestd health`."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json, show_table
from ingestd.errors import UsageError
from ingestd.settings import Listen, Settings, load
from ingestd.times import parse_iso
from ingestd.units import show_duration

#: Seconds for the whole response; the daemon itself needs one at most.
_TIMEOUT = 3.0

#: Sources named for each check.
_MAX_NAMED = 5

#: Seconds after its due time at which a source is overdue, as in the daemon's report, whose module is slow to import.
_OVERDUE = 300.0

#: Address to connect to if the daemon listens on every address of this host.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound to


def health(
    config: ConfigOption = None,
    ready: Annotated[bool, typer.Option("--ready", help="Only check whether the daemon accepts work.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Only check whether the daemon answers.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the running daemon for its health.

    Names the first sources of each check that does not pass, if the daemon may tell: with api_token, or without one
    from this host.

    Exit status: 0 if all checks pass, with or without warnings, 1 if one fails, 2 if the daemon does not answer.
    """
    if ready and live:
        raise UsageError("give --ready or --live, not both")
    path = "readyz" if ready else "livez" if live else "health"
    settings = load(config)
    status, body = asyncio.run(_get(settings.listen, path))
    if path != "health":
        _show_verdict(body, passes=status == 200, as_json=as_json)
        raise typer.Exit(0 if status == 200 else 1)
    report = _read_report(body)
    named = _name_sources(report, settings)
    if as_json:
        show_json(report)
    else:
        show_table(("status", "check", "observed", "output"), _rows(report))
        if named:
            show("")
            show_table(("check", "source", "condition", "reason"), named)
    raise typer.Exit(0 if status == 200 else 1)


def _name_sources(report: dict[str, Any], settings: Settings) -> list[tuple[str, ...]]:
    """Name the first sources that the checks which do not pass have counted, in rows of check, URL, condition, reason.

    The report, which everybody may read, names none; /v1/sources does.  Their URLs are added to the checks.
    """
    wrong = {name: check for name in _CHOSEN for check in report["checks"].get(name, ()) if check["status"] != "pass"}
    if not wrong:
        return []
    token = settings.api_token.get_secret_value() if settings.api_token else None
    try:
        status, body = asyncio.run(_get(settings.listen, "v1/sources?problems=true", token=token))
        sources = json.loads(body) if status == 200 else []
    except (UsageError, ValueError):
        sources = []  # the report is what was asked for
    rows: list[tuple[str, ...]] = []
    for name, check in wrong.items():
        chosen = [source for source in sources if _CHOSEN[name](source)][:_MAX_NAMED]
        if chosen:
            check["affectedEndpoints"] = [source["url"] for source in chosen]  # the draft's name, 4.5
        rows += [(name, source["url"], source["condition"], source["reason"] or "") for source in chosen]
    return rows


def _is_overdue(source: dict[str, Any]) -> bool:
    due_at = parse_iso(source["next_attempt_at"]) if source["next_attempt_at"] else None
    return due_at is not None and (datetime.now(UTC) - due_at).total_seconds() > _OVERDUE


def _is_failing(source: dict[str, Any]) -> bool:
    return source["condition"] in ("failing", "throttled")


#: Checks that count sources → whether a source of /v1/sources is one of them.
_CHOSEN: dict[str, Callable[[dict[str, Any]], bool]] = {
    "sources:overdue": _is_overdue,
    "sources:failing": _is_failing,
    "sources:quiet": lambda source: source["condition"] == "quiet",
    "sources:oldestSuccess": _is_failing,
    "claims:pastDue": _is_overdue,
}


async def _get(listen: Listen, path: str, *, token: str | None = None) -> tuple[int, str]:
    """Return the daemon's response: HTTP status and text; raises UsageError if there is none."""
    if listen.path is None and not listen.port:
        raise UsageError("`listen` has port 0, which is any free port; the log of `ingestd run` names it")
    try:
        async with asyncio.timeout(_TIMEOUT):
            return _parse(await _request(listen, path, token))
    except TimeoutError as error:
        raise UsageError(f"no answer from {listen} within {_TIMEOUT:.0f} s") from error
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"cannot connect to {listen}: start the daemon with `ingestd run`, or set `listen` to where it listens"
        ) from error


async def _request(listen: Listen, path: str, token: str | None) -> bytes:
    """Return the daemon's response as it was sent.

    HTTP/1.0, so that the response ends with the connection. No HTTP client is imported: aiohttp takes longer to
    import than all the rest of this command.
    """
    if listen.path is not None:
        reader, writer = await asyncio.open_unix_connection(listen.path)
    else:
        reader, writer = await asyncio.open_connection(_LOOPBACK.get(listen.host, listen.host), listen.port)
    try:
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        writer.write(f"GET /{path} HTTP/1.0\r\nHost: localhost\r\n{authorization}\r\n".encode())
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

"""`--include-withheld`: show what is withheld, embargoed or killed, and log that it was shown."""

import getpass
import syslog
from typing import Annotated

import typer

IncludeWithheldOption = Annotated[
    bool,
    typer.Option("--include-withheld", help="Include what is withheld, embargoed or killed. This is logged."),
]


def log_disclosure(command: str, *, include_withheld: bool) -> None:
    """Log that a command shows withheld content: on stderr, and in the system's log, where there is one.

    Call it after the settings were loaded, which configures the log.
    """
    if not include_withheld:
        return
    import structlog  # noqa: PLC0415 - most commands that have the option do not log, and start faster without it

    log, user = structlog.get_logger(__name__), user_name()
    log.warning("withheld content shown", command=command, user=user)
    # As sudo does: a line that stays when the terminal is closed.
    syslog.openlog("ingestd", syslog.LOG_PID, syslog.LOG_AUTHPRIV)
    syslog.syslog(syslog.LOG_NOTICE, f"withheld content shown: command={command!r} user={user!r}")


def user_name() -> str:
    """Return the name of the operating system's user, "unknown" if it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this uid, as in a container
        return "unknown"

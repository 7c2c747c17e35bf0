"""The command line: builds the commands from their table and turns errors into exit statuses."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from ingestd.cli.commands import COMMANDS, Command, Group
from ingestd.cli.main_help import DESCRIPTION, VERSION, discard_stdout, main_help
from ingestd.errors import ConfigError, IngestError, UsageError
from ingestd.text import collapse

#: Errors of the host that any file access may meet, and what to do.
_HOST_ERRORS = {
    errno.ENOSPC: "free some space, or set state_dir, archive or database_url to another disk",
    errno.EDQUOT: "raise the quota, or set state_dir, archive or database_url to another disk",
    errno.EROFS: "mount it writable, or set state_dir, archive or database_url to another disk",
    errno.EACCES: "run as the service user (ingestd-admin), or set state_dir, archive or database_url",
}

_CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}


def load(command: Command) -> Any:
    """Import a command's module and return typer's command for its function."""
    module, _, attribute = command.target.partition(":")
    holder = typer.Typer(rich_markup_mode=None, add_completion=False)
    holder.command(command.name, context_settings=_CONTEXT_SETTINGS)(
        getattr(import_module(f"ingestd.cli.{module}"), attribute)
    )
    return get_command(holder)


class TableGroup(TyperGroup):
    """Group of the commands in a table; it imports a command only when that command is called.

    Help and completion list the commands by their lines in the table. Importing all of them takes over a second
    (SQLAlchemy, aiohttp, lxml).
    """

    def __init__(self, *, table: tuple[Command | Group, ...] = COMMANDS, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._table = {command.name: command for command in table}
        self.commands = {command.name: _listed(command) for command in table}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name of the command called, the command itself, imported, and its arguments."""
        name, listed, rest = super().resolve_command(ctx, args)
        found = self._table.get(name or "")
        return name, load(found) if isinstance(found, Command) else listed, rest


def _listed(command: Command | Group) -> TyperCommand | TyperGroup:
    """Return the command with its help line alone, or the whole group."""
    if isinstance(command, Command):
        return TyperCommand(command.name, help=command.help)
    return TableGroup(
        name=command.name,
        table=command.commands,
        help=command.help,
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings=_CONTEXT_SETTINGS,
    )


class MainGroup(TableGroup):
    """The group of all commands; its help is the text that `main_help` prints without the parser."""

    def get_help(self, ctx: Any) -> str:
        """Return the help of `ingestd`."""
        del ctx
        return main_help().rstrip("\n")


app = typer.Typer(
    name="ingestd",
    cls=MainGroup,
    help=DESCRIPTION,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_CONTEXT_SETTINGS,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(VERSION, nl=False)
        raise typer.Exit


@app.callback()
def ingestd(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options of `ingestd` itself."""


def run() -> None:
    """Run the command line and exit.

    Status: 0 success, 1 an IngestError, 2 a wrong setting or command line, 130 interrupted.
    """
    with errors_as_statuses():
        app(prog_name="ingestd")


@contextmanager
def errors_as_statuses() -> Iterator[None]:
    """Print an IngestError to stderr, a line for each fault, and exit with its status.

    Any other exception is a bug and passes with its traceback. Exits with 1, silently, if the reader of stdout has
    closed the pipe.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
        sys.exit(1)
    except IngestError as error:
        for line in str(error).splitlines() or [type(error).__name__]:
            typer.echo(f"ingestd: {collapse(line)}", err=True)
        sys.exit(2 if isinstance(error, ConfigError | UsageError) else 1)
    except OSError as error:
        if error.errno not in _HOST_ERRORS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(f"ingestd: {where}{error.strerror}; {_HOST_ERRORS[error.errno]}", err=True)
        sys.exit(1)

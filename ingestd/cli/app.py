"""The command line: which commands there are, and how each of them ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from ingestd import __version__
from ingestd.errors import ConfigError, IngestError, UsageError
from ingestd.text import collapse


@dataclass(frozen=True, slots=True)
class Command:
    """A line of the table: a function, or a group of commands, and where it is."""

    name: str
    #: "module:attribute", below `ingestd.cli`: a function, or a `typer.Typer`.
    target: str
    #: The first line of its docstring: in the list of commands without importing them all.
    help: str

    def load(self) -> Any:
        """Import it, and return the command or group that typer makes of it."""
        module, _, attribute = self.target.partition(":")
        found = getattr(import_module(f"ingestd.cli.{module}"), attribute)
        holder = typer.Typer(rich_markup_mode="markdown")
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=self.name)
        else:
            holder.command(self.name)(found)
        return get_group(holder).commands[self.name]


#: In the order in which `ingestd --help` lists them: the daemon, what it polls, what it keeps, what keeps it running.
COMMANDS = (
    Command("run", "run:run", "Run the daemon, until SIGTERM or Ctrl-C."),
    Command("try", "try_:try_", "Poll a source once, keep nothing, print what would be kept."),
    Command("sources", "sources:app", "Add, list, pause and remove what is polled."),
    Command("poll", "poll:poll", "Poll a source now, or all that are due, and make records of what is new."),
    Command("backfill", "backfill:app", "Fetch what was published before, once."),
    Command(
        "reprocess", "reprocess:reprocess", "Clean what was kept once more, from the raw bytes, by the rules of today."
    ),
    Command("records", "records:app", "List, show, search and export what was kept."),
    Command("events", "events:events_", "Print what happened to records, in the order of commits."),
    Command("coverage", "coverage:coverage", "Say what is complete, from when until when, and except where."),
    Command("gaps", "gaps:app", "List the times in which entries may have been missed, and settle them."),
    Command("why", "why:why", "Say where an article's address was seen, what was decided about it, and why."),
    Command("failures", "failures:app", "List what went wrong, and try it again."),
    Command("clean", "clean:clean", "Clean saved pages, and print a line of JSON for each."),
    Command("parse", "parse:parse", "Read feeds out of files, and print a line of JSON for each."),
    Command("health", "health:health", "Ask the running daemon how it is."),
    Command("db", "db:app", "Bring the database's schema up to date, or look at its version."),
    Command(
        "demo",
        "demo:demo",
        "Run an invented newsroom on this machine, and the daemon on it; print each record as it is saved.",
    ),
    Command("config", "config:app", "Show the settings in effect, or check a file of them."),
)


class Commands(TyperGroup):
    """Lists the table, and imports a command only when it is called.

    Importing all of them takes over a second (SQLAlchemy, aiohttp, lxml); `--help` and completion need none.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {command.name: TyperCommand(command.name, help=command.help) for command in COMMANDS}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the command as imported, and the arguments left for it."""
        name, listed, rest = super().resolve_command(ctx, args)
        loaded = next((command.load() for command in COMMANDS if listed and command.name == name), None)
        return name, loaded, rest


app = typer.Typer(
    name="ingestd",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ingestd {__version__}")
        raise typer.Exit


@app.callback()
def ingestd(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Ingest news feeds: poll them, clean their articles, keep deduplicated records."""


def run() -> None:
    """Run the command line and exit.

    Status: 0 done, 1 an error on purpose, 2 a wrong setting or command line, 130 interrupted.
    """
    with errors_told():
        app(prog_name="ingestd")


@contextmanager
def errors_told() -> Iterator[None]:
    """Tell an error on purpose on stderr, one line a fault, and exit with its status; a bug passes, traceback and all.

    Whoever reads our output may stop reading: that is no fault.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except IngestError as error:
        for line in str(error).splitlines() or [type(error).__name__]:
            typer.echo(f"ingestd: {collapse(line)}", err=True)
        sys.exit(2 if isinstance(error, ConfigError | UsageError) else 1)
    except BrokenPipeError:
        # Python flushes once more as it ends, and would complain then (docs.python.org, library/signal, SIGPIPE).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)

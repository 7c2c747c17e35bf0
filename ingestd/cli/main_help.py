"""What `ingestd --help` and `ingestd --version` print, without importing the command line parser.

The parser takes ten times as long to import as Python takes to start. Both texts are known without it.
"""

import os
import sys

from ingestd import __version__
from ingestd.cli.commands import COMMANDS

#: Also the description that the parser shows for the program as a whole.
DESCRIPTION = "Ingest news feeds: poll them, extract articles, keep deduplicated records."

VERSION = f"ingestd {__version__}\n"

#: Options of `ingestd` itself, as the parser has them.
OPTIONS = (
    ("--version", "Print the version and exit."),
    ("--install-completion", "Install completion for the current shell."),
    ("--show-completion", "Print the completion script of the current shell."),
    ("-h, --help", "Print this help and exit."),
)


def main_help() -> str:
    """Return the help of `ingestd` itself, laid out as the parser lays out the help of commands."""
    return (
        f"Usage: ingestd [OPTIONS] COMMAND [ARGS]...\n\n  {DESCRIPTION}\n\n"
        f"Options:\n{_two_columns(OPTIONS)}\n"
        f"Commands:\n{_two_columns(tuple((command.name, command.help) for command in COMMANDS))}"
    )


def _two_columns(rows: tuple[tuple[str, str], ...]) -> str:
    width = max(len(name) for name, _ in rows)
    return "".join(f"  {name:{width}}  {text}\n" for name, text in rows)


def print_and_exit(text: str) -> None:
    """Print a text to stdout and exit with 0, or with 1 if the reader has closed the pipe."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
        sys.exit(1)
    sys.exit(0)


def discard_stdout() -> None:
    """Point stdout at /dev/null after a BrokenPipeError.

    Python flushes stdout once more as it exits and would complain (docs.python.org, library/signal, SIGPIPE).
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

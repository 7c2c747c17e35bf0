"""Write the tables of settings and commands into the documentation: `python -m tests.docs.reference`.

Each table stands between two comments in its page.  A test fails when a page differs from what this writes, so every
setting and command is documented, in the words that the program itself uses.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from typer import Context

from ingestd.cli.app import COMMANDS
from ingestd.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


def settings() -> Iterator[str]:
    """Yield a table of the settings, in the order of the model."""
    # A test compares that file with the model: it shows each default as an operator writes it.
    toml = (DOCS.parent / "deploy" / "ingestd.toml").read_text("utf-8")
    values = dict(re.findall(r"^#(\w+) = (.+)$", toml, re.MULTILINE))
    yield from ("| setting | default or example | meaning |", "|---|---|---|")
    for name, field in Settings.model_fields.items():
        yield f"| `{name}` | `{values[name]}` | {_cell(field.description or '')} |"


def commands() -> Iterator[str]:
    """Yield a section for each command, with a table row for each subcommand."""
    for command in COMMANDS:
        yield from (f"## {command.name}", "", _cell(command.help), "", "| command | does |", "|---|---|")
        yield from (f"| `{usage}` | {_cell(text)} |" for usage, text in _leaves(command.name, command.load()))
        yield ""


def _leaves(name: str, command: Any) -> Iterator[tuple[str, str]]:
    """Yield the usage of each command below one, with the first paragraph of its help."""
    if hasattr(command, "commands"):
        context = Context(command)
        for child in command.list_commands(context):
            yield from _leaves(f"{name} {child}", command.get_command(context, child))
        return
    arguments = [_metavar(parameter) for parameter in command.params if parameter.param_type_name == "argument"]
    yield " ".join((name, *arguments)), (command.help or "").strip().partition("\n\n")[0]


def _metavar(argument: Any) -> str:
    return argument.metavar or f"{(argument.name or '').upper()}{'...' if argument.nargs == -1 else ''}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


#: Page → the tables in it, by the names in their comments.
TABLES: dict[str, dict[str, Callable[[], Iterator[str]]]] = {
    "configuration.md": {"settings": settings},
    "commands.md": {"commands": commands},
}


def written(page: str) -> str:
    """Return the text of a page with its tables as they should be now."""
    text = (DOCS / page).read_text("utf-8")
    for name, table in TABLES[page].items():
        begin, end = f"<!-- {name}: written by tests/docs/reference.py -->", "<!-- end -->"
        before, _, rest = text.partition(begin)
        after = rest.partition(end)[2]
        text = "\n".join((before + begin, "", "\n".join(table()).strip(), "", end)) + after
    return text


def main() -> None:
    """Write every page that has tables."""
    for page in TABLES:
        (DOCS / page).write_text(written(page), "utf-8")
        sys.stdout.write(f"wrote docs/{page}\n")


if __name__ == "__main__":
    main()

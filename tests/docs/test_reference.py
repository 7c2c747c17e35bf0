"""The documentation has every setting, command, metric and route, in the words that the program uses."""

import pytest

from ingestd.cli.commands import COMMANDS
from tests.docs.reference import DOCS, FILES, TABLES, written


@pytest.mark.parametrize("page", TABLES)
def test_the_tables_are_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text("utf-8") == written(page), "`make docs` updates it"


@pytest.mark.parametrize("name", FILES)
def test_the_generated_files_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == FILES[name](), "`make docs` updates it"


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_a_guide_shows_every_command(name: str) -> None:
    guides = [page for page in DOCS.glob("*.md") if page.name != "commands.md"]

    assert any(f"ingestd {name}" in page.read_text("utf-8") for page in guides)

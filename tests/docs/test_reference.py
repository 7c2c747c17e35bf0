"""The documentation has every setting, command and metric, in the words that the program uses."""

import pytest

from ingestd.cli.commands import COMMANDS
from tests.docs.reference import DOCS, TABLES, written


@pytest.mark.parametrize("page", TABLES)
def test_the_tables_are_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text("utf-8") == written(page), "`make docs` updates it"


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_a_guide_shows_every_command(name: str) -> None:
    guides = [page for page in DOCS.glob("*.md") if page.name != "commands.md"]

    assert any(f"ingestd {name}" in page.read_text("utf-8") for page in guides)

"""The documentation has every setting, command and metric, in the words that the program uses."""

import re

import pytest

from ingestd.cli.app import COMMANDS
from ingestd.daemon.health import Health
from ingestd.daemon.metrics import Metrics
from ingestd.daemon.service import Service
from tests.docs.reference import DOCS, TABLES, written


@pytest.mark.parametrize("page", TABLES)
def test_the_tables_are_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text("utf-8") == written(page), "`make docs` updates it"


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_a_guide_shows_every_command(name: str) -> None:
    guides = [page for page in DOCS.glob("*.md") if page.name not in TABLES]

    assert any(f"ingestd {name}" in page.read_text("utf-8") for page in guides)


async def test_every_metric_is_documented(service: Service) -> None:
    health = Health(service)
    text, _ = await Metrics(health).render("text/plain")
    await health.close()
    exposed = {
        name: (kind, re.search(rf"^# HELP {name} (.*)$", text.decode(), re.MULTILINE)[1])  # type: ignore[index]
        for name, kind in re.findall(r"^# TYPE (ingestd_\w+) (\w+)$", text.decode(), re.MULTILINE)
    }
    table = re.findall(r"^\| `(ingestd_\w+)` \| (\w+) \| [^|]*\| (.*) \|$", (DOCS / "operations.md").read_text(), re.MULTILINE)  # noqa: E501

    assert {name: (kind, meaning) for name, kind, meaning in table} == exposed

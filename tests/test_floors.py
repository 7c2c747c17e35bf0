"""The house: imports go down, neighbours don't know each other, and every table is complete."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ingestd"

# From the top down; names on one line are neighbours and don't know each other.
FLOORS = (
    ("__main__",),
    ("cli",),
    ("demo",),
    ("daemon",),
    ("settings",),
    ("repair", "websub", "inbox", "why"),
    ("backfill", "reprocess"),
    ("makers",),
    ("ingest",),
    ("collecting",),
    ("polling", "surroundings"),
    ("comparing",),
    ("dispatch", "folders", "paging", "patience", "reading", "releasing", "revisiting", "telling"),
    ("web", "store", "archive", "drops", "workers"),
    ("formats", "articles", "likeness", "policy", "renderers", "discovery"),
    (
        "model",
        "items",
        "items_json",
        "versions",
        "errors",
        "rules",
        "urls",
        "times",
        "text",
        "embargo_words",
        "to_json",
        "units",
    ),
)
LEVEL = {name: len(FLOORS) - floor for floor, names in enumerate(FLOORS) for name in names}
WORDS = set(FLOORS[-1])


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path: Path) -> Iterator[str]:
    """The parts of ingestd a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports name the whole path"
            names = [f"ingestd.{alias.name}" for alias in node.names] if node.module == "ingestd" else [node.module]
        for name in names:
            top, _, rest = name.partition(".")
            if top == "ingestd" and rest and rest != "__version__":
                yield rest.split(".")[0]


def test_every_module_has_its_floor() -> None:
    assert {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()} <= LEVEL.keys()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    up = {name for name in imported(path) if name != here and LEVEL[name] >= LEVEL[here]}
    # The words may use each other: errors and text know nothing, urls and times know little.
    assert not (up - WORDS if here in WORDS else up)


IMPURE = {"asyncio", "aiohttp", "sqlalchemy", "structlog", "logging", "os", "time", "socket", "subprocess", "random"}


@pytest.mark.parametrize(
    "path",
    [p for p in modules() if LEVEL[p.relative_to(PACKAGE).parts[0].removesuffix(".py")] <= 2],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_the_pure_floors_have_no_clock_network_or_logging(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    names |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not names & IMPURE
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Await | ast.AsyncFunctionDef)]
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today")
    ]

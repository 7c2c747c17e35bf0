"""The architecture: imports run downward, folders on one floor do not import each other, files stay short."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ingestd"

#: From top to bottom.  Folders on one floor do not import each other.
FLOORS = (
    ("cli",),
    ("daemon",),
    ("backfill", "reprocess", "repair", "delivery", "backup", "erasure", "library"),
    ("pipeline",),
    ("settings", "demo"),
    ("store", "web", "archive", "drops", "workers", "client"),
    ("formats", "articles", "likeness", "policy", "renderers", "discovery", "filters"),
    ("model",),
    ("errors", "urls", "times", "dates", "text", "units", "json", "caching"),
)
LEVEL = {name: len(FLOORS) - floor for floor, names in enumerate(FLOORS) for name in names}
BASE = set(FLOORS[-1])
PURE = {name for name, level in LEVEL.items() if level <= 3}

#: Most lines of a module; longer ones are split by topic.
MAX_LINES = 300


@cache
def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in LEVEL)


def folder_of(path: Path) -> str:
    """Return a module's folder below the package, or the name of a module at its root."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    return ".".join(("ingestd", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the dotted names that a module imports from ingestd, at any place in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports name the whole path"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in found if name.startswith("ingestd.") and name != "ingestd.__version__")


def test_the_root_holds_only_base_modules_and_the_folders() -> None:
    loose = {path.stem for path in PACKAGE.glob("*.py")}
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert loose | folders == LEVEL.keys() | {"__init__", "__main__"}
    assert not folders & loose
    assert loose <= BASE | {"__init__", "__main__"}


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_imports_run_downward(path: Path) -> None:
    here = folder_of(path)
    upward = {other for name in imported(path) if (other := name.split(".")[1]) != here and LEVEL[other] >= LEVEL[here]}
    # Base modules may import each other.
    assert not (upward - BASE if here in BASE else upward)


def test_imports_form_no_cycle() -> None:
    paths = {dotted(path): path for path in modules()}
    # A name imported from a package may be one of its modules; the package is executed in either case.
    graph = {
        name: {target for found in imported(path) for target in _targets(found, paths) if target != name}
        for name, path in paths.items()
    }
    visited: set[str] = set()
    for start in graph:
        _walk(start, graph, visited, ())


def _targets(name: str, paths: dict[str, Path]) -> Iterator[str]:
    if name in paths:
        yield name
    elif (parent := name.rpartition(".")[0]) in paths:
        yield parent


def _walk(name: str, graph: dict[str, set[str]], visited: set[str], path: tuple[str, ...]) -> None:
    assert name not in path, " → ".join((*path[path.index(name) :], name))
    if name not in visited:
        for target in graph[name]:
            _walk(target, graph, visited, (*path, name))
        visited.add(name)


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


IMPURE = {"asyncio", "aiohttp", "sqlalchemy", "structlog", "logging", "os", "time", "socket", "subprocess", "random"}


@pytest.mark.parametrize("path", [path for path in modules() if folder_of(path) in PURE], ids=dotted)
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

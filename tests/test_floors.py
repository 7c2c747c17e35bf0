"""The house: imports run downward, neighbours do not know each other, and no file outgrows its reader."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ingestd"

#: From the top down.  Folders on one floor are neighbours and do not import each other.
FLOORS = (
    ("cli",),
    ("daemon",),
    ("backfill", "reprocess", "repair"),
    ("pipeline",),
    ("settings", "demo"),
    ("store", "web", "archive", "drops", "workers"),
    ("formats", "articles", "likeness", "policy", "renderers", "discovery"),
    ("model",),
    ("errors", "urls", "times", "text", "units", "json"),
)
LEVEL = {name: len(FLOORS) - floor for floor, names in enumerate(FLOORS) for name in names}
WORDS = set(FLOORS[-1])
PURE = {name for name, level in LEVEL.items() if level <= 3}

#: Lines of a module; longer ones are split by what is in them.
LONGEST = 300


@cache
def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in LEVEL)


def folder_of(path: Path) -> str:
    """Return the folder below the package that a module is in, or the name of a module at its root."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    return ".".join(("ingestd", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


@cache
def imported(path: Path) -> frozenset[str]:
    """Return what a module imports of ingestd, as dotted names, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports name the whole path"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in found if name.startswith("ingestd.") and name != "ingestd.__version__")


def test_the_root_holds_the_words_and_the_folders() -> None:
    loose = {path.stem for path in PACKAGE.glob("*.py")}
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert loose == WORDS | {"__init__", "__main__"}
    assert folders == LEVEL.keys() - WORDS


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_imports_run_downward(path: Path) -> None:
    here = folder_of(path)
    up = {other for name in imported(path) if (other := name.split(".")[1]) != here and LEVEL[other] >= LEVEL[here]}
    # The words may use each other: errors and text know nothing, urls and times know little.
    assert not (up - WORDS if here in WORDS else up)


def test_no_imports_form_a_ring() -> None:
    paths = {dotted(path): path for path in modules()}
    # A name imported from a package may be one of its modules; the package itself runs either way.
    graph = {
        name: {target for found in imported(path) for target in _targets(found, paths) if target != name}
        for name, path in paths.items()
    }
    done: set[str] = set()
    for start in graph:
        _walk(start, graph, done, ())


def _targets(name: str, paths: dict[str, Path]) -> Iterator[str]:
    if name in paths:
        yield name
    elif (parent := name.rpartition(".")[0]) in paths:
        yield parent


def _walk(name: str, graph: dict[str, set[str]], done: set[str], way: tuple[str, ...]) -> None:
    assert name not in way, " → ".join((*way[way.index(name) :], name))
    if name not in done:
        for target in graph[name]:
            _walk(target, graph, done, (*way, name))
        done.add(name)


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_no_module_is_too_long_to_be_one_thing(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


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

"""The digest of the extraction rules covers, and changes with, everything that extraction uses."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from ingestd.workers.extractor import FILES, LIBRARIES, digest, installed_extractor

PACKAGE = Path(__file__).parents[2] / "ingestd"

#: Imported by the files of the digest, but without influence on extraction: data classes, errors, caches, public
#: suffixes.
WITHOUT_RULES = {"model", "errors", "caching", "publicsuffixlist"}

#: Import name → distribution name, where they differ.
DISTRIBUTIONS = {"charset_normalizer": "charset-normalizer"}


def files() -> Iterator[Path]:
    for name in FILES:
        place = PACKAGE / name
        yield from place.rglob("*.py") if place.is_dir() else [place]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            alone = node.module in ("ingestd", "ingestd.policy.articles", "ingestd.workers")
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if alone else (node.module,)


def is_in_digest(name: str) -> bool:
    path = name.removeprefix("ingestd.").replace(".", "/")
    return any(known in (f"{path}.py", path) or path.startswith(f"{known}/") for known in FILES)


@pytest.mark.parametrize("path", [path for path in files() if path.name != "jobs.py"], ids=lambda path: path.name)
def test_files_of_the_digest_import_only_files_and_libraries_of_the_digest(path: Path) -> None:
    missing = set()
    for name in imported(path):
        top = name.partition(".")[0]
        if top == "ingestd":
            known = is_in_digest(name) or (name.split(".")[1] in WITHOUT_RULES and name != "ingestd.model.markup")
        else:
            known = top in sys.stdlib_module_names | WITHOUT_RULES or DISTRIBUTIONS.get(top, top) in LIBRARIES
        if not known:
            missing.add(name)

    assert missing == set()


@pytest.mark.parametrize("name", ["pipeline/read.py", "pipeline/site_context.py"])
def test_rules_that_the_pipeline_applies_to_a_page_are_in_the_digest(name: str) -> None:
    rules = {name for name in imported(PACKAGE / name) if name.startswith(("ingestd.articles", "ingestd.policy"))}

    assert rules
    assert all(map(is_in_digest, rules))


def test_every_library_of_the_digest_is_installed() -> None:
    assert all(metadata.version(library) for library in LIBRARIES)


def test_another_process_computes_the_same_digest() -> None:
    code = "from ingestd.workers.extractor import installed_extractor; print(installed_extractor().rules)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert other.stdout.strip() == installed_extractor().rules


def test_name_and_rules_fit_their_columns() -> None:
    found = installed_extractor()

    assert len(found.rules) == 12
    assert len(found.name) <= 40
    assert found.name.startswith("ingestd ")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param([("a", b"x\n"), ("b", b"y\n")], True, id="as-it-was"),
        pytest.param([("b", b"y\n"), ("a", b"x\n")], True, id="in-another-order"),
        pytest.param([("a", b"x\r\n"), ("b", b"y\r\n")], True, id="line-ends-of-another-system"),
        pytest.param([("a", b"x\n"), ("b", b"z\n")], False, id="another-content"),
        pytest.param([("a", b"x\n"), ("c", b"y\n")], False, id="another-name"),
        pytest.param([("a", b"x\n")], False, id="one-less"),
        pytest.param([("a", b"x\ny\n"), ("b", b"")], False, id="moved-over"),
    ],
)
def test_a_digest_changes_with_names_and_contents_only(other: list[tuple[str, bytes]], same: bool) -> None:
    assert (digest(other) == digest([("a", b"x\n"), ("b", b"y\n")])) is same


def test_the_digest_covers_the_files_on_disk(tmp_path: Path) -> None:
    """Copies of the package in which a rule, a data file, or a file that Python leaves there differs."""
    found = {}
    for name, change in {"same": None, "furniture": "junk.pyc", "rule": "assemble.py", "table": "table.toml"}.items():
        copy = tmp_path / name / "ingestd"
        shutil.copytree(PACKAGE, copy)
        if change:
            with (copy / "articles" / change).open("a") as file:
                file.write("\n")
        code = "from ingestd.workers import extractor as e; print(e.__file__, e.installed_extractor().rules)"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path / name, capture_output=True, text=True, check=True, timeout=60
        )
        place, found[name] = done.stdout.split()
        assert Path(place).is_relative_to(copy)

    assert found["same"] == found["furniture"] == installed_extractor().rules
    assert len({found["same"], found["rule"], found["table"]}) == 3

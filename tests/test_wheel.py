"""The wheel: built from the source distribution, installed into an empty environment, and used from there."""

import json
import os
import subprocess
import sys
import venv
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.backfill.backfills import page
from tests.support.papers import Papers
from tests.support.soak import FULL

ROOT = Path(__file__).parents[1]

FEED = b"""<rss version="2.0"><channel><title>The Ferry Times</title>
<item><guid>1</guid><title>Ferry</title><link>/story</link></item></channel></rss>"""

#: What makes a developer's machine different from a stranger's.
OURS = ("INGESTD_", "PYTHON", "VIRTUAL_ENV", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "XDG_")


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a command in a folder, with none of our variables in its environment; return its output."""
    theirs = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    done = subprocess.run(
        list(map(str, command)), env={**theirs, **environment}, cwd=folder, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def link_dependencies(wheel: Path, target: Path) -> None:
    """Link what the wheel requires, and what that requires, from this environment into another; nothing else."""
    [metadata] = (name for name in ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA"))
    required = message_from_bytes(ZipFile(wheel).read(metadata)).get_all("Requires-Dist") or []
    waiting = [(Requirement(line), "") for line in required]
    linked: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        found = distribution(requirement.name)
        assert requirement.specifier.contains(found.version, prereleases=True), requirement
        for wanted in {"", *requirement.extras}:
            if (found.name, wanted) not in linked:
                linked.add((found.name, wanted))
                waiting += [(Requirement(line), wanted) for line in found.requires or []]
        for name in {file.parts[0] for file in found.files or [] if file.parts[0] != ".."}:
            if name != "__pycache__" and not (target / name).exists():
                (target / name).symlink_to(Path(str(found.locate_file(name))))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # Without a named target, `build` makes the wheel from the source distribution.
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, folder=folder)
    [path] = folder.glob("*.whl")
    return path


def shipped() -> set[str]:
    """Return the files of the package and the migrations in the source tree, by their names in the wheel."""
    package = {path.relative_to(ROOT) for path in (ROOT / "ingestd").rglob("*")}
    migrations = {Path("ingestd") / path.relative_to(ROOT) for path in (ROOT / "migrations").rglob("*")}
    return {str(path) for path in package | migrations if path.suffix and "__pycache__" not in path.parts}


def test_the_wheel_contains_exactly_the_package(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())

    assert {name for name in names if ".dist-info/" not in name} == shipped()
    assert {"ingestd/py.typed", "ingestd/demo/stories.toml", "ingestd/migrations/env.py"} <= names
    assert any(name.startswith("ingestd/daemon/pages/templates/") for name in names)


def test_the_wheel_works_in_an_empty_environment(wheel: Path, papers: Papers, tmp_path: Path) -> None:
    papers.publish("/story", page("Ferry", 1))
    feed = papers.publish("/feed.xml", FEED, content_type="application/rss+xml")
    bin_ = tmp_path / "venv" / "bin"
    settings = {"INGESTD_STATE_DIR": str(tmp_path / "state"), "INGESTD_ALLOW_NETWORKS": "127.0.0.0/8"}
    install = ("install", "--quiet", "--no-compile", "--disable-pip-version-check")

    if FULL:
        venv.create(tmp_path / "venv", with_pip=True)
        run(bin_ / "python", "-m", "pip", *install, "-c", ROOT / "constraints.txt", wheel, folder=tmp_path)
    else:
        venv.create(tmp_path / "venv")
        [packages] = (tmp_path / "venv").glob("lib/python*/site-packages")
        run(sys.executable, "-m", "pip", "--python", bin_ / "python", *install, "--no-deps", wheel, folder=tmp_path)
        link_dependencies(wheel, packages)
    upgraded = run(bin_ / "ingestd", "db", "upgrade", folder=tmp_path, **settings)
    current = run(bin_ / "ingestd", "db", "current", folder=tmp_path, **settings)
    tried = json.loads(run(bin_ / "ingestd", "try", feed, "--json", folder=tmp_path, **settings))
    place = run(bin_ / "python", "-c", "import ingestd; print(ingestd.__file__)", folder=tmp_path)

    assert Path(place.strip()).is_relative_to(tmp_path / "venv")
    assert upgraded.startswith(f"schema {current.strip()}, ")
    assert tried["title"] == "The Ferry Times"
    assert tried["articles"][0]["body_text"]

"""README.md tells the truth: the files it names exist, its commands too, and its tour runs."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestd.cli.app import load
from ingestd.cli.commands import COMMANDS, Group

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = [[line[2:] for line in block.splitlines() if line.startswith("$ ")] for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)]  # fmt: skip  # noqa: E501
LINES = [line for block in BLOCKS for line in block]
TOUR = next(block for block in BLOCKS if block[0].startswith("export INGESTD_CONFIG="))[1:]


def of_ingestd() -> list[str]:
    return [line for line in LINES if line.split()[0] in ("ingestd", "ingestd-admin")]


@pytest.mark.parametrize("line", of_ingestd())
def test_a_command_exists_with_its_options(line: str) -> None:
    _, name, *rest = shlex.split(line)
    command = {command.name: command for command in COMMANDS}[name]
    if isinstance(command, Group):
        command = {below.name: below for below in command.commands}[rest.pop(0)]

    known = {option for parameter in load(command).params for option in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= known


def test_make_has_its_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = [line.split()[1] for line in LINES if line.startswith("make ")]

    assert targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_what_it_names_exists() -> None:
    named = set(re.findall(r"\b(?:deploy|docs|benchmarks)/[\w./@-]*\w", README))

    assert len(named) > 5
    assert all((ROOT / name).exists() for name in named), named


def test_all_commands_are_in_it() -> None:
    assert [command.name for command in COMMANDS if not re.search(rf"\b{command.name}\b", README)] == []


@pytest.fixture(scope="module")
def demo() -> Iterator[Path]:
    """The settings of a demonstration that runs, once it has all the news."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestd", "demo"], env={**os.environ, "INGESTD_LISTEN": "127.0.0.1:0"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout
    lines = iter(process.stdout.readline, "")
    settings = next(line.removeprefix("settings: ").strip() for line in lines if line.startswith("settings: "))
    address = next(line for line in lines if line.startswith("status page: ")).split()[2]
    text = re.sub(
        'listen = ".*"', f'listen = "{address.removeprefix("http://").rstrip("/")}"', Path(settings).read_text()
    )
    Path(settings).write_text(text)
    assert next(line for line in lines if line.startswith("carried"))
    yield Path(settings)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "records" in rest


def test_the_tour_runs(demo: Path, tmp_path: Path) -> None:
    for line in TOUR:
        command = [sys.executable, "-m", *shlex.split(line)]
        done = subprocess.run(
            command, env={**os.environ, "INGESTD_CONFIG": str(demo)}, cwd=tmp_path, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        assert done.stderr == "", line
    assert "Sound Ferry Line" in (tmp_path / "records.jsonl").read_text()

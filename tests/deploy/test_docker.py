"""The container files: what they name exists."""

import re
import tomllib
from pathlib import Path

from ingestd.cli.app import COMMANDS
from ingestd.settings import Settings
from ingestd.units import parse_duration

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
COMPOSE = (ROOT / "deploy" / "docker" / "compose.yaml").read_text()


def test_every_variable_is_a_setting() -> None:
    named = set(re.findall(r"INGESTD_(\w+?)[=:]", DOCKERFILE + COMPOSE))

    assert named
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_every_command_exists() -> None:
    commands = set(re.findall(r'(?:"ingestd", |^CMD \[)"(\w+)"', DOCKERFILE, re.MULTILINE))

    assert commands == {"health", "run"}
    assert commands <= {command.name for command in COMMANDS}


def test_it_does_not_run_as_root_and_hears_sigterm() -> None:
    assert re.search(r"^USER ingestd$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIGTERM$", DOCKERFILE, re.MULTILINE)


def test_the_container_has_longer_to_stop_than_the_daemon_takes() -> None:
    grace = re.search(r"stop_grace_period: (\S+)", COMPOSE)

    assert grace
    assert parse_duration(grace[1]) > Settings().stop_timeout + 10


def test_the_image_is_made_of_a_python_we_support_and_of_what_the_build_context_lets_in() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    versions = re.findall(r"^FROM python:([\d.]+)-slim", DOCKERFILE, re.MULTILINE)
    let_in = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"]

    assert {f"Programming Language :: Python :: {version}" for version in versions} <= set(classifiers)
    assert all((ROOT / name).exists() for name in let_in)
    assert {"constraints.txt", "pyproject.toml", "ingestd", "migrations"} <= set(let_in)

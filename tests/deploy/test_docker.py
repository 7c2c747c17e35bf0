"""Dockerfile and compose.yaml: the names in them exist and agree with each other."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import yaml

from ingestd.cli.commands import COMMANDS
from ingestd.settings import Settings
from ingestd.units import parse_duration

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "docker"
ENTRYPOINT = FOLDER / "entrypoint"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
INGESTD, DATABASE = (COMPOSE["services"][name] for name in ("ingestd", "database"))

#: What the build may see of the repository.
LET_IN = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"]


def instruction(name: str) -> str:
    """Return the last instruction `name` of the last stage, its lines joined."""
    stage = DOCKERFILE.rpartition("\nFROM ")[2].replace("\\\n", " ")
    return re.findall(rf"^{name} +(.*)$", stage, re.MULTILINE)[-1]


def environment() -> dict[str, str]:
    variables = dict(word.split("=", 1) for word in shlex.split(instruction("ENV")))
    return variables | INGESTD["environment"]


def test_every_variable_is_a_setting() -> None:
    named = {name.removeprefix("INGESTD_").lower() for name in environment() if name.startswith("INGESTD_")}

    assert {"listen", "contact", "allowed_hosts"} <= named <= Settings.model_fields.keys()


def test_every_secret_of_the_daemon_is_a_setting_in_its_credentials_directory() -> None:
    assert environment()["CREDENTIALS_DIRECTORY"] == "/run/secrets"
    assert set(INGESTD["secrets"]) <= Settings.model_fields.keys()


def test_every_command_exists() -> None:
    health = re.search(r'CMD \["ingestd", "(\w+)"', instruction("HEALTHCHECK"))

    assert instruction("ENTRYPOINT") == '["entrypoint"]'
    assert ENTRYPOINT.read_text().endswith('\nexec ingestd "$@"\n')
    assert instruction("CMD") == '["run"]'
    assert health
    assert {health[1], "run"} <= {command.name for command in COMMANDS}


def entered(folder: Path, *command: str, **environment: str) -> tuple[list[str], str]:
    """Run the entry point with a program in the place of ingestd; returns what that program printed, and stderr."""
    program = folder / "bin" / "ingestd"
    program.parent.mkdir(exist_ok=True)
    program.write_text('#!/bin/sh\necho "${INGESTD_API_TOKEN:-}"\necho "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{Path(sys.executable).parent}:{os.defpath}"
    given = {
        "PATH": path,
        "STATE_DIRECTORY": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "INGESTD_LISTEN": "0.0.0.0:1",
    }
    done = subprocess.run(
        ["/bin/sh", ENTRYPOINT, *command], env=given | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines(), done.stderr


def test_the_first_start_makes_a_token_that_only_its_user_can_read(tmp_path: Path) -> None:
    (first, *command), told = entered(tmp_path, "run", "--no-migrate")
    (again, *_), quiet = entered(tmp_path, "run")
    file = tmp_path / "api_token"

    assert (len(first) >= 32, again, command) == (True, first, ["run --no-migrate"])
    assert (file.read_text().strip(), file.stat().st_mode & 0o777) == (first, 0o600)
    assert (str(file) in told, first in told, quiet) == (True, False, "")


def test_no_token_is_made_where_the_settings_have_one_or_need_none(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "api_token").write_text("the token of the operator")

    assert entered(tmp_path, "run", CREDENTIALS_DIRECTORY=str(credentials))[0] == ["", "run"]
    assert entered(tmp_path, "run", INGESTD_LISTEN_OPEN="true")[0] == ["", "run"]
    assert entered(tmp_path, "run", INGESTD_INTERVAL="soon")[0] == ["", "run"]  # which `ingestd run` reports
    assert entered(tmp_path, "sources", "list")[0] == ["", "sources list"]
    assert not (tmp_path / "api_token").exists()


def test_the_first_start_of_a_newer_image_upgrades_the_database() -> None:
    assert environment()["INGESTD_MIGRATE_ON_START"] == "always"


def test_it_does_not_run_as_root_and_receives_sigterm() -> None:
    assert int(instruction("USER")) > 0
    assert f"--uid {instruction('USER')} " in instruction("RUN")
    assert instruction("STOPSIGNAL") == "SIGTERM"


def test_it_can_write_to_its_state_and_nothing_else() -> None:
    assert INGESTD["read_only"]
    assert INGESTD["cap_drop"] == ["ALL"]
    assert INGESTD["security_opt"] == DATABASE["security_opt"] == ["no-new-privileges:true"]
    assert INGESTD["volumes"] == [f"state:{environment()['STATE_DIRECTORY']}"]
    assert INGESTD["tmpfs"] == ["/tmp"]  # for the socket of multiprocessing's forkserver


def test_only_this_host_can_reach_its_port() -> None:
    port = environment()["INGESTD_LISTEN"].rpartition(":")[2]

    assert instruction("EXPOSE") == port
    assert INGESTD["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert "ports" not in DATABASE


def test_the_grace_period_is_longer_than_the_stop_timeout() -> None:
    assert parse_duration(INGESTD["stop_grace_period"]) > Settings().stop_timeout + 10


def test_it_starts_when_the_database_answers_on_tcp() -> None:
    assert INGESTD["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert DATABASE["healthcheck"]["test"][:3] == ["CMD", "pg_isready", "--host=127.0.0.1"]


def test_secrets_and_volumes_are_declared_and_no_password_is_in_the_file() -> None:
    for kind in ("secrets", "volumes"):
        used = {str(name).partition(":")[0] for service in (INGESTD, DATABASE) for name in service[kind]}
        assert used == COMPOSE[kind].keys()
    assert "POSTGRES_PASSWORD" not in DATABASE["environment"]
    assert DATABASE["environment"]["POSTGRES_PASSWORD_FILE"].removeprefix("/run/secrets/") in DATABASE["secrets"]


def test_the_image_has_a_supported_python() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    versions = re.findall(r"^FROM python:([\d.]+)-slim", DOCKERFILE, re.MULTILINE)

    assert len(set(versions)) == 1  # the virtual environment is copied between the stages
    assert f"Programming Language :: Python :: {versions[0]}" in classifiers


def test_the_package_builds_from_the_docker_context(tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    for name in (name for name in LET_IN if "*" not in name):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, context / name)

    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, context], check=True, capture_output=True
    )

    [wheel] = tmp_path.glob("*.whl")
    assert {"ingestd/py.typed", "ingestd/migrations/env.py"} <= set(ZipFile(wheel).namelist())
    assert (context / "constraints.txt").exists()

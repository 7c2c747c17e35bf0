"""The container files: what they name exists, and fits together."""

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
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
INGESTD, DATABASE = (COMPOSE["services"][name] for name in ("ingestd", "database"))

#: What the build may see of the repository.
LET_IN = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"]


def instruction(name: str) -> str:
    """The last instruction of a name in the last stage, its lines joined."""
    stage = DOCKERFILE.rpartition("\nFROM ")[2].replace("\\\n", " ")
    return re.findall(rf"^{name} +(.*)$", stage, re.MULTILINE)[-1]


def environment() -> dict[str, str]:
    variables = dict(word.split("=", 1) for word in shlex.split(instruction("ENV")))
    return variables | INGESTD["environment"]


def test_every_variable_is_a_setting() -> None:
    named = {name.removeprefix("INGESTD_").lower() for name in environment() if name.startswith("INGESTD_")}

    assert {"listen", "contact"} <= named <= Settings.model_fields.keys()


def test_every_secret_of_the_daemon_is_a_setting_where_it_looks_for_them() -> None:
    assert environment()["CREDENTIALS_DIRECTORY"] == "/run/secrets"
    assert set(INGESTD["secrets"]) <= Settings.model_fields.keys()


def test_every_command_exists() -> None:
    health = re.search(r'CMD \["ingestd", "(\w+)"', instruction("HEALTHCHECK"))

    assert instruction("ENTRYPOINT") == '["ingestd"]'
    assert instruction("CMD") == '["run"]'
    assert health
    assert {health[1], "run"} <= {command.name for command in COMMANDS}


def test_it_does_not_run_as_root_and_hears_sigterm() -> None:
    assert int(instruction("USER")) > 0
    assert f"--uid {instruction('USER')} " in instruction("RUN")
    assert instruction("STOPSIGNAL") == "SIGTERM"


def test_it_can_write_to_its_state_and_nothing_else() -> None:
    assert INGESTD["read_only"]
    assert INGESTD["cap_drop"] == ["ALL"]
    assert INGESTD["security_opt"] == DATABASE["security_opt"] == ["no-new-privileges:true"]
    assert INGESTD["volumes"] == [f"state:{environment()['STATE_DIRECTORY']}"]
    assert INGESTD["tmpfs"] == ["/tmp"]  # where multiprocessing's forkserver has its socket


def test_it_is_reached_from_this_host_only_at_the_port_it_listens_on() -> None:
    port = environment()["INGESTD_LISTEN"].rpartition(":")[2]

    assert instruction("EXPOSE") == port
    assert INGESTD["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert "ports" not in DATABASE


def test_the_container_has_longer_to_stop_than_the_daemon_takes() -> None:
    assert parse_duration(INGESTD["stop_grace_period"]) > Settings().stop_timeout + 10


def test_it_starts_once_the_database_answers_by_tcp() -> None:
    assert INGESTD["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert DATABASE["healthcheck"]["test"][:3] == ["CMD", "pg_isready", "--host=127.0.0.1"]


def test_secrets_and_volumes_are_declared_and_no_password_is_written_down() -> None:
    for kind in ("secrets", "volumes"):
        used = {str(name).partition(":")[0] for service in (INGESTD, DATABASE) for name in service[kind]}
        assert used == COMPOSE[kind].keys()
    assert "POSTGRES_PASSWORD" not in DATABASE["environment"]
    assert DATABASE["environment"]["POSTGRES_PASSWORD_FILE"].removeprefix("/run/secrets/") in DATABASE["secrets"]


def test_the_image_is_made_of_a_python_we_support() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    versions = re.findall(r"^FROM python:([\d.]+)-slim", DOCKERFILE, re.MULTILINE)

    assert len(set(versions)) == 1  # an environment moves from one stage to the other
    assert f"Programming Language :: Python :: {versions[0]}" in classifiers


def test_the_package_can_be_built_from_what_the_build_may_see(tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    for name in (name for name in LET_IN if "*" not in name):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, context / name)

    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, context], check=True, capture_output=True
    )

    [wheel] = tmp_path.glob("*.whl")
    assert {"ingestd/py.typed", "ingestd/migrations/env.py"} <= set(ZipFile(wheel).namelist())
    assert (context / "constraints.txt").exists()

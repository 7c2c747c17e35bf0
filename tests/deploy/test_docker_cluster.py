"""compose.cluster.yaml: the commands in its head make what its services read, and the nodes have valid settings."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestd.archive.objects.address import ObjectAddress, ObjectKey
from ingestd.settings import Settings
from ingestd.units import parse_duration

FILE = Path(__file__).parents[2] / "deploy" / "docker" / "compose.cluster.yaml"
TEXT = FILE.read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
NODES = ["node1", "node2", "node3"]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secret files, as the commands make them that are to be given once."""
    folder = tmp_path_factory.mktemp("docker")
    given_once = TEXT.partition("# and then:")[0].splitlines()[1:]
    script = "\n".join(line.removeprefix("#     ") for line in given_once)
    subprocess.run(
        ["/bin/sh", "-eu", "-c", script], cwd=folder, check=True, capture_output=True,
        env={"PATH": f"{Path(sys.executable).parent}:{os.defpath}"},
    )  # fmt: skip
    return folder / "secrets"


def environment(node: str) -> dict[str, str]:
    """Return the environment of a node without what the user of the file sets."""
    return {name: value for name, value in SERVICES[node]["environment"].items() if "${" not in value}


def test_the_commands_make_every_secret_that_is_mounted(secrets: Path) -> None:
    assert {entry["file"] for entry in COMPOSE["secrets"].values()} <= {
        f"./secrets/{file.name}" for file in secrets.iterdir()
    }
    used = {name for service in SERVICES.values() for name in service.get("secrets", ())}
    assert used == COMPOSE["secrets"].keys()
    assert secrets.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("node", NODES)
def test_the_settings_of_a_node_are_valid(node: str, secrets: Path, tmp_path: Path) -> None:
    for name in SERVICES[node]["secrets"]:
        shutil.copy(secrets / name, tmp_path)
    variables = environment(node) | {"CREDENTIALS_DIRECTORY": str(tmp_path), "STATE_DIRECTORY": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-m", "ingestd", "config", "show", "--json"],
        env={**os.environ, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert {name.removeprefix("INGESTD_").lower() for name in variables if name.startswith("INGESTD_")} <= (
        Settings.model_fields.keys()
    )
    shown = json.loads(done.stdout)
    assert shown["engine"]["value"] == "procrastinate"
    assert {shown[name]["from"] for name in ("database_url", "archive_keys", "api_token")} == {"credentials"}


def test_the_key_opens_the_bucket_of_the_archive(secrets: Path) -> None:
    address = ObjectAddress.parse(environment("node1")["INGESTD_ARCHIVE"])
    key = ObjectKey.parse((secrets / "archive_keys").read_text())
    [identity] = json.loads((secrets / "objects.json").read_text())["identities"]

    assert key.is_for(address)
    assert identity["credentials"] == [{"accessKey": key.name, "secretKey": key.secret}]
    assert f"s3.bucket.create -name {address.bucket}'" in SERVICES["bucket"]["entrypoint"][-1]
    assert address.endpoint == "http://objects:8333"
    assert "/run/secrets/objects.json" in SERVICES["objects"]["command"]


def test_nodes_differ_in_name_state_and_port_alone() -> None:
    own = ("volumes", "ports", "depends_on", "environment")
    alike = [{name: value for name, value in SERVICES[node].items() if name not in own} for node in NODES]

    assert alike[0] == alike[1] == alike[2]
    assert [environment(node)["INGESTD_NODE"] for node in NODES] == NODES
    assert [SERVICES[node]["volumes"] for node in NODES] == [[f"{node}:/var/lib/ingestd"] for node in NODES]
    assert [environment(node)["INGESTD_ALLOWED_HOSTS"] for node in NODES] == NODES
    assert {name for service in SERVICES.values() for name in map(volume, service.get("volumes", ()))} == (
        COMPOSE["volumes"].keys()
    )


def volume(mount: str) -> str:
    return mount.partition(":")[0]


def test_only_this_host_can_reach_the_nodes_and_nothing_else_has_a_port() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert ports == {node: [f"127.0.0.1:{8790 + number}:8790"] for number, node in enumerate(NODES, 1)}


def test_nodes_are_confined_and_have_time_to_stop() -> None:
    for node in (SERVICES[name] for name in NODES):
        assert (node["read_only"], node["cap_drop"]) == (True, ["ALL"])
        assert parse_duration(node["stop_grace_period"]) > Settings().stop_timeout + 10


def test_nodes_wait_for_what_they_need() -> None:
    for node in NODES:
        needs = {name: entry["condition"] for name, entry in SERVICES[node]["depends_on"].items()}
        assert needs["database"] == "service_healthy"
        assert needs["bucket"] == "service_completed_successfully"
    for name in ("database", "objects"):
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"

"""The table of kinds, and what all of them have."""

import subprocess
import sys
from pathlib import Path

import pytest

import ingestd.delivery.kinds
from ingestd.delivery.kinds import KINDS, find_kind
from ingestd.delivery.kinds.kind import Kind

FOLDER = Path(ingestd.delivery.kinds.__file__).parent
ALL = [kind for kind in map(find_kind, KINDS) if kind]

#: Module of the client library, and the extra that installs it.
LIBRARIES = {"nats": "nats", "kafka": "aiokafka", "rabbitmq": "aio_pika", "redis": "redis"}


def test_every_kind_is_in_the_table() -> None:
    modules = {path.stem for path in FOLDER.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

    assert modules - {"__init__", "kind"} == set(KINDS)
    assert [kind.name for kind in ALL] == list(KINDS)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_settings_are_described_and_strict(kind: Kind) -> None:
    assert kind.settings.model_config["extra"] == "forbid"
    # A wrong value may be a secret, or stand beside one.
    assert not kind.secrets or kind.settings.model_config["hide_input_in_errors"]
    assert [name for name, field in kind.settings.model_fields.items() if not field.description] == []
    assert kind.secrets <= kind.settings.model_fields.keys()
    assert {"password", "token", "secret"} & kind.settings.model_fields.keys() <= kind.secrets


def test_no_client_library_is_imported_until_something_is_sent() -> None:
    heavy = {*LIBRARIES.values(), "aiohttp", "lxml", "structlog"}
    loaded = (
        "import sys; from ingestd.delivery.kinds import KINDS, find_kind; [find_kind(name) for name in KINDS];"
        f" print(*({heavy!r} & sys.modules.keys()))"
    )

    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


@pytest.mark.parametrize(("name", "library"), LIBRARIES.items())
def test_a_library_that_is_missing_is_named_with_its_extra(name: str, library: str) -> None:
    # A process of its own: once imported, a library cannot be missing.
    script = f"""
import asyncio, sys
sys.modules[{library!r}] = None
from ingestd.delivery.kinds import find_kind
from ingestd.delivery.kinds.kind import Opening
from ingestd.errors import ConfigError
from ingestd.settings import Settings

async def main():
    kind = find_kind({name!r})
    opening = Opening(consumer=None, settings=None, operator=Settings(), fetcher=None)
    try:
        async with kind.open(opening):
            pass
    except ConfigError as error:
        print(error)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.startswith(f"consumers of the kind {name} need the library ")
    assert done.stdout.endswith(f"which is not installed; run: pip install 'ingestd[{name}]'\n")

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingestd.web.politeness.host_locks import HostLocks

# Takes one lock, says so, and keeps it until its input ends.
KEEP = """
import pathlib, sys
from ingestd.web.host_locks import HostLocks
print(HostLocks(pathlib.Path(sys.argv[1])).lock(sys.argv[2], int(sys.argv[3])), flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process_locks(path: Path, name: str, slot: int = 0) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", KEEP, str(path), name, str(slot)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "turns.lock"


def test_what_another_process_has_cannot_be_taken(path: Path) -> None:
    locks = HostLocks(path)

    with another_process_locks(path, "gazette.example"):
        assert not locks.lock("gazette.example", 0)
        assert locks.lock("gazette.example", 1)
        assert locks.lock("harbour.example", 0)

    locks.close()


def test_a_killed_process_has_nothing(path: Path) -> None:
    locks = HostLocks(path)
    with another_process_locks(path, "gazette.example") as process:
        process.kill()
        process.wait()

        assert locks.lock("gazette.example", 0)

    locks.close()


@pytest.mark.parametrize("give_up", ["unlock", "close"])
def test_what_was_given_back_can_be_taken(path: Path, give_up: str) -> None:
    locks = HostLocks(path)
    locks.lock("gazette.example", 0)
    if give_up == "unlock":
        locks.unlock("gazette.example", 0)
    else:
        locks.close()

    with another_process_locks(path, "gazette.example"):
        pass

    locks.close()
    locks.unlock("gazette.example", 0)


def test_nothing_is_ever_written(path: Path) -> None:
    locks = HostLocks(path)
    for number in range(1000):
        assert locks.lock(f"{number}.example", 4095)

    assert path.stat().st_size == 0
    locks.close()

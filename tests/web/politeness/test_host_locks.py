import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingestd.web.politeness.host_locks import HostLocks

# Takes one lock, prints whether it could, and keeps it until its input ends.
KEEP_LOCK = """
import pathlib, sys
from ingestd.web.politeness.host_locks import HostLocks
print(HostLocks(pathlib.Path(sys.argv[1])).lock(sys.argv[2], int(sys.argv[3])), flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process_locks(path: Path, name: str, slot: int = 0) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", KEEP_LOCK, str(path), name, str(slot)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "turns.lock"


def test_a_slot_locked_by_another_process_cannot_be_locked(path: Path) -> None:
    locks = HostLocks(path)

    with another_process_locks(path, "gazette.example"):
        assert not locks.lock("gazette.example", 0)
        assert locks.lock("gazette.example", 1)
        assert locks.lock("harbour.example", 0)

    locks.close()


def test_a_killed_process_loses_its_locks(path: Path) -> None:
    locks = HostLocks(path)
    with another_process_locks(path, "gazette.example") as process:
        process.kill()
        process.wait()

        assert locks.lock("gazette.example", 0)

    locks.close()


@pytest.mark.parametrize("method", ["unlock", "close"])
def test_an_unlocked_slot_can_be_locked_by_another_process(path: Path, method: str) -> None:
    locks = HostLocks(path)
    locks.lock("gazette.example", 0)
    if method == "unlock":
        locks.unlock("gazette.example", 0)
    else:
        locks.close()

    with another_process_locks(path, "gazette.example"):
        pass

    locks.close()
    locks.unlock("gazette.example", 0)


def test_the_lock_file_stays_empty(path: Path) -> None:
    locks = HostLocks(path)
    for number in range(1000):
        assert locks.lock(f"{number}.example", 4095)

    assert path.stat().st_size == 0
    locks.close()

"""The daemon as a process, and helpers to observe it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from ingestd.settings.values import with_async_driver
from tests.cli import running

#: Seconds to wait for anything on a busy machine.
PATIENCE = 120


class Daemon:
    """`ingestd run` as a process, with its log; `prefix` is a command that starts it."""

    def __init__(self, config: Path, *, prefix: Sequence[str] = (), **environment: str) -> None:
        self.lines: list[dict[str, Any]] = []
        self._more = threading.Condition()
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "ingestd", "run", "--config", str(config)],
            stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        with self.process.stderr as lines:
            for line in lines:
                with self._more:
                    self.lines.append(json.loads(line) if line.startswith("{") else {"event": line.rstrip()})
                    self._more.notify_all()

    def logged(self, event: str, count: int = 1) -> dict[str, Any]:
        """Wait for the count-th line of an event."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.lines if line["event"] == event]

        with self._more:
            assert self._more.wait_for(lambda: len(found()) >= count, PATIENCE), self.lines
        return found()[count - 1]

    def end(self) -> int:
        """Ask it to end, and return its status."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        """Wait for its end, and for the last of its lines; return its status."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status


Start = Callable[..., Daemon]


def ingestd(config: Path, *arguments: str) -> None:
    """Run a command beside the daemon, in this process: only the daemon needs one of its own."""
    done = running.ingestd(config, *arguments)
    assert done.status == 0, done.error


def rows(database_url: str, query: str) -> list[Any]:
    engine = create_engine(with_async_driver(database_url).replace("+aiosqlite", ""))
    try:
        with engine.connect() as connection:
            return list(connection.execute(text(query)).all())
    finally:
        engine.dispose()


def eventually(condition: Callable[[], bool], told: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until a condition holds; `told` is part of the message when it never does."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.1)


def change(database_url: str, statement: str) -> None:
    engine = create_engine(with_async_driver(database_url).replace("+aiosqlite", ""))
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def below(pid: int) -> list[int]:
    """Return the descendants of a process."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])
    found, level = [], [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

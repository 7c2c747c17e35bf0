"""Run the other programs that are measured: each in a process of an environment of its own.

`make .venv/peers/installed` makes that environment.  `peer_programs.py` has what runs there.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from expectations import Unexpected

ROOT = Path(__file__).parent.parent
PYTHON = Path(os.environ.get("PEERS_PYTHON", ROOT / ".venv/peers/bin/python"))


class Peer:
    """A program in its process; it does one round after the other, and says what CPU time it took."""

    def __init__(self, name: str, base: str) -> None:
        if not PYTHON.exists():
            raise Unexpected(f"{name} is not installed in {PYTHON.parent.parent}; run make .venv/peers/installed")
        self._name = name
        self._folder = tempfile.TemporaryDirectory()
        arguments = [str(PYTHON), str(ROOT / "benchmarks/peer_programs.py"), name, base, self._folder.name]
        self._process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request: Any) -> dict[str, Any]:
        """Have it do a round; returns what it reports."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise Unexpected(f"{self._name} ended with status {self._process.wait()} without an answer")
        found: dict[str, Any] = json.loads(line)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

"""A node of the demo: `ingestd run` as a process of its own, with its own settings and state directory."""

import asyncio
import json
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path

from ingestd.cli.output import note
from ingestd.errors import IngestError

#: Seconds that a node has to start, and to end after SIGTERM before it is killed.
_START, _STOP = 60.0, 15.0

#: Names of the environment that would change the settings of a node, or notify the service manager.
_OWN = ("INGESTD_", "CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_")


class Node:
    """A daemon process, with its files in a folder of `directory`.  `stop` must be called, whatever happens."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self._directory = directory
        #: Its settings.
        self.file = directory / name / "ingestd.toml"
        #: The address of its status page; empty until it is ready.
        self.address = ""
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._last = deque[str](maxlen=5)

    @property
    def runs(self) -> bool:
        """Whether its process has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process; 0 before `start`."""
        return self._process.pid if self._process else 0

    @property
    def _contact(self) -> str:
        return f"https://{self.name}.example/"

    def is_client(self, user_agent: str) -> bool:
        """Return whether a request with this User-Agent came from the node."""
        return self._contact in user_agent

    def write_settings(self, database_url: str, name_server: str, *, host_delay: float) -> None:
        """Write the settings: as one of several nodes on a database, and an hour of news in half a minute.

        The nodes share an archive, and each has a state directory of its own.
        """
        archive = self._directory / "archive"
        archive.mkdir(exist_ok=True)
        self.file.parent.mkdir()
        self.file.touch(mode=0o600)  # the URL may have a password
        self.file.write_text(
            f'state_dir = "{self.file.parent}"\n'
            f'database_url = "{database_url}"\n'
            f'node = "{self.name}"\nengine = "procrastinate"\narchive = "{archive.as_uri()}"\n'
            f'contact = "{self._contact}"\n'
            'listen = "127.0.0.1:0"\nallow_networks = ["127.0.0.0/8"]\n'
            f'nameservers = ["{name_server}"]\n'
            'agencies = ["Meridian Press=meridianpress.localhost"]\n'
            f"interval = 1\ninterval_floor = 1\nhost_delay = {host_delay}\n"
            "extractors = 1\nstop_timeout = 5\n"
            'log_format = "json"\n'
        )

    async def start(self) -> None:
        """Start the process and wait until the daemon is ready; raises IngestError if it does not start."""
        # In a session of its own: Ctrl-C in the terminal goes to the demo alone, which then stops its nodes.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ingestd", "run", "--config", str(self.file),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith(_OWN)},
        )  # fmt: skip
        assert self._process.stderr
        self._reading = asyncio.create_task(self._read(self._process.stderr))
        with suppress(TimeoutError):
            async with asyncio.timeout(_START):
                await self._ready.wait()
        if not self.address:
            raise IngestError(f"{self.name} did not start: {'; '.join(self._last) or 'it said nothing'}")

    async def _read(self, log: asyncio.StreamReader) -> None:
        """Read the log of the process until it ends, and pass on its warnings."""
        try:
            while line := await log.readline():
                self._take(line.decode(errors="replace").strip())
        finally:
            self._ready.set()

    def _take(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            event = {"event": line, "level": "error"}
        if event.get("level") in ("warning", "error", "critical"):
            self._last.append(str(event.get("event")))
            details = " ".join(
                f"{key}={value}" for key, value in event.items() if key not in ("event", "level", "timestamp")
            )
            note(f"{self.name}: {event.get('event')} {details}".rstrip())
        elif event.get("event") == "started":
            self.address = str(event.get("address"))
            self._ready.set()

    async def kill(self) -> None:
        """Kill the process and its workers with SIGKILL, as if its machine lost power."""
        if self._process and self.runs:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> None:
        """Stop the process as a service manager would: SIGTERM, and SIGKILL if it takes too long."""
        if not self._process or not self._reading:
            return
        if self.runs:
            self._process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP):
                    await self._process.wait()
            await self.kill()
        await self._reading

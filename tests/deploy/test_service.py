"""The daemon in the environment of its unit, with nothing else in it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.deploy.test_systemd import DAEMON, value

#: Seconds that anything here may take on a busy machine.
PATIENCE = 60

#: systemd names the process that it watches: the one that runs the program, not who started it.
AS_MAIN_PROCESS = 'WATCHDOG_PID=$$ exec "$@"'

CONFIG = Path(__file__).parents[2] / "deploy" / "ingestd.toml"


class Unit:
    """What systemd sets up for the unit and receives from it."""

    def __init__(self, folder: Path) -> None:
        self.state, self.runtime, self.credentials = (folder / name for name in ("state", "runtime", "credentials"))
        for directory in (self.state, self.runtime, self.credentials):
            directory.mkdir()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind(str(folder / "notify"))
        self.listener.settimeout(PATIENCE)
        self._environment = {
            "PATH": os.defpath,
            "NOTIFY_SOCKET": str(folder / "notify"),
            "WATCHDOG_USEC": "1000000",
            "STATE_DIRECTORY": str(self.state),
            "RUNTIME_DIRECTORY": str(self.runtime),
            "CREDENTIALS_DIRECTORY": str(self.credentials),
            "INGESTD_CONFIG": str(CONFIG),
            "INGESTD_LISTEN": f"unix:{self.runtime}/http",
            **dict([value(DAEMON, "Environment").split("=")]),
        }

    def start(self) -> subprocess.Popen[str]:
        program = Path(sys.executable).parent / "ingestd"
        return subprocess.Popen(
            ["/bin/sh", "-c", AS_MAIN_PROCESS, "sh", str(program), "run"], env=self._environment, cwd="/",
            umask=int(value(DAEMON, "UMask"), 8), stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def told(self, state: str) -> None:
        """Wait until the daemon sends the state."""
        while self.listener.recv(4096).decode().splitlines()[0] != state:
            pass


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    unit = Unit(tmp_path)
    with closing(unit.listener):
        yield unit


@pytest.fixture
def daemon(unit: Unit) -> Iterator[subprocess.Popen[str]]:
    (unit.credentials / "database_url").write_text(f"sqlite:///{unit.state}/credential.db\n")
    with unit.start() as process:
        yield process
        process.kill()


def test_it_notifies_systemd_of_start_watchdog_reload_and_stop(unit: Unit, daemon: subprocess.Popen[str]) -> None:
    unit.told("READY=1")
    unit.told("WATCHDOG=1")
    daemon.send_signal(signal.SIGHUP)
    unit.told("RELOADING=1")
    unit.told("READY=1")
    daemon.send_signal(signal.SIGTERM)
    unit.told("STOPPING=1")
    _, log = daemon.communicate(timeout=PATIENCE)

    assert daemon.returncode == 0
    assert [line for line in log.splitlines() if re.search('"level": "(warning|error|critical)"', line)] == []


def test_it_writes_only_to_its_state_directory_with_private_permissions(
    unit: Unit, daemon: subprocess.Popen[str]
) -> None:
    unit.told("READY=1")

    files = list(unit.state.rglob("*"))

    assert unit.state / "credential.db" in files
    assert [file for file in files if file.stat().st_mode & 0o077] == []
    assert (unit.runtime / "http").stat().st_mode & 0o777 == 0o660


def test_a_hung_daemon_logs_the_traceback_of_each_thread(unit: Unit, daemon: subprocess.Popen[str]) -> None:
    unit.told("READY=1")

    daemon.send_signal(signal.SIGABRT)  # as the watchdog does
    _, log = daemon.communicate(timeout=PATIENCE)

    assert daemon.returncode == -signal.SIGABRT
    # Any thread may take the signal, also one that runs no Python; and the frames of a greenlet, in which SQLAlchemy
    # runs statements, do not lead back to the event loop.
    traceback = r"^(?:Current thread|Thread) 0x\w+.* \(most recent call first\):\n  File .*, line \d+ in "
    assert re.search(traceback, log, re.MULTILINE), log


def test_an_invalid_setting_prevents_a_restart(unit: Unit) -> None:
    (unit.credentials / "database_url").write_text("mysql://somewhere")

    with unit.start() as process:
        process.communicate(timeout=PATIENCE)

    assert str(process.returncode) == value(DAEMON, "RestartPreventExitStatus")

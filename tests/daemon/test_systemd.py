import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestd.daemon.systemd import notify, watchdog_interval


@pytest.fixture
def systemd() -> Iterator[socket.socket]:
    """The notification socket of systemd, not bound yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(5)
        yield systemd


def test_states_are_one_datagram_with_a_line_each(
    systemd: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

    assert notify("READY=1", "STATUS=listening")

    assert systemd.recv(1000) == b"READY=1\nSTATUS=listening"


def test_a_name_with_an_at_sign_is_abstract(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"ingestd-test-{os.getpid()}"
    systemd.bind(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")

    assert notify("WATCHDOG=1")

    assert systemd.recv(1000) == b"WATCHDOG=1"


def test_nothing_is_sent_without_notify_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    assert not notify("READY=1")


def test_a_missing_socket_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))

    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("microseconds", "pid", "seconds"),
    [
        pytest.param("30000000", None, 15.0, id="half of what is tolerated"),
        pytest.param("30000000", str(os.getpid()), 15.0, id="meant for us"),
        pytest.param("30000000", "1", None, id="meant for another process"),
        pytest.param(None, None, None, id="no watchdog"),
        pytest.param("soon", None, None, id="no number"),
    ],
)
def test_the_watchdog_interval_is_half_of_the_limit(
    microseconds: str | None, pid: str | None, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)

    assert watchdog_interval() == seconds

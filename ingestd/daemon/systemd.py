"""Notify systemd (sd_notify(3)): one datagram to the socket in NOTIFY_SOCKET; without it, nothing is sent."""

import os
import socket

import structlog

log = structlog.get_logger(__name__)


def notify(*states: str) -> bool:
    """Send states such as "READY=1" or "STATUS=..."; return whether they were sent."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    # A name that starts with @ is in the abstract namespace, where the first byte is NUL.
    target = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto("\n".join(states).encode(), target)
    except OSError as error:
        log.warning("systemd notify failed", error=str(error))
        return False
    return True


def watchdog_interval() -> float | None:
    """Return how often to send WATCHDOG=1 (seconds); None: systemd expects none.

    Half of systemd's own limit, as sd_watchdog_enabled(3) advises.
    """
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    for_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 2_000_000 if microseconds.isdigit() and for_us else None

import io
import json
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from ingestd.daemon import logs

Lines = Callable[[], list[dict[str, Any]]]


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def fail(message: str) -> None:
    raise RuntimeError(message)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Returns the events logged as JSON since the last call."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_a_line_with_its_time_and_level_first(lines: Lines) -> None:
    logs.configure("info")

    structlog.get_logger().info("polled", source="https://news.example/feed", listed=40, seconds=1.2)

    [event] = lines()
    assert list(event) == ["timestamp", "level", "event", "source", "listed", "seconds"]
    assert (event["level"], event["event"], event["listed"]) == ("info", "polled", 40)
    assert datetime.fromisoformat(event["timestamp"]).tzinfo is not None


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_events_below_the_level_are_not_logged(level: str, heard: list[str], lines: Lines) -> None:
    logs.configure(level)

    log = structlog.get_logger()
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)("heard")

    assert [event["level"] for event in lines()] == heard


@pytest.mark.parametrize(
    ("value", "logged"),
    [
        ("https://editor:secret@news.example/a", "https://news.example/a"),
        ("see https://a:secret@x.example/ and ftp://b:secret@y.example/", "see https://x.example/ and ftp://y.example/"),
        ("postgresql+psycopg://u:secret@db.example/news", "postgresql+psycopg://db.example/news"),
        ("postgresql://u:se/secret@db.example/news", "postgresql://db.example/news"),
        ("https://social.example/@desk", "https://social.example/@desk"),
        ("desk@news.example", "desk@news.example"),
        (SecretStr("secret"), "**********"),
        ({"at": "https://a:secret@x.example/"}, {"at": "https://x.example/"}),
        ({"key": SecretStr("secret")}, {"key": "**********"}),
        ([SecretStr("secret"), ("https://a:secret@x.example/",)], ["**********", ["https://x.example/"]]),
        (ValueError("https://a:secret@x.example/"), "https://x.example/"),
        (Path("/x"), "/x"),
        (b"\x00", "b'\\x00'"),
        (None, None),
        (datetime(2020, 6, 24, tzinfo=UTC), "2020-06-24T00:00:00Z"),
        ("a\x1b[2Jb\u202e", "a[2Jb"),
    ],
)  # fmt: skip
def test_no_secret_and_no_control_character_is_logged(value: object, logged: object, lines: Lines) -> None:
    logs.configure("info")

    structlog.get_logger().info("polled", value=value)

    [event] = lines()
    assert event["value"] == logged


def test_a_traceback_is_logged_in_one_line_without_secrets(lines: Lines) -> None:
    logs.configure("info")

    try:
        fail("https://a:secret@x.example/")
    except RuntimeError:
        structlog.get_logger().exception("poll failed")

    [event] = lines()
    assert event["exception"].startswith("Traceback (most recent call last):\n")
    assert event["exception"].endswith("RuntimeError: https://x.example/")


def test_libraries_log_to_the_same_stream_from_warning_on(lines: Lines) -> None:
    logs.configure("debug")

    library = logging.getLogger("apscheduler.scheduler")
    library.info("not heard")
    library.warning("missed by %s\n  of https://a:secret@x.example/", "1 s")
    library.log(35, "between the levels")
    library.error("%d", "no number")

    assert [(event["level"], event["logger"], event["event"]) for event in lines()] == [
        ("warning", "apscheduler.scheduler", "missed by 1 s of https://x.example/"),
        ("warning", "apscheduler.scheduler", "between the levels"),
        ("error", "apscheduler.scheduler", "%d ('no number',)"),
    ]


@pytest.mark.parametrize(
    ("name", "message", "is_logged"),
    [
        ("psycopg", "error ignored terminating %r: %s", False),
        ("psycopg", "error ignored exiting %r: %s", False),
        ("psycopg", "error ignored in rollback on %s: %s", False),
        ("psycopg.transaction", "error ignored in rollback of %s: %s", False),
        ("psycopg", "query cancellation failed: %s %s", False),
        ("psycopg", "unknown PostgreSQL timezone: %r; will use UTC, %s", True),
        ("psycopg.pool", "connection %s failed: %s", True),
        ("asyncio", "error ignored %s: %s", True),
    ],
)
def test_what_the_driver_ignores_of_a_lost_connection_is_not_logged(
    name: str, message: str, is_logged: bool, lines: Lines
) -> None:
    logs.configure("info")

    logging.getLogger(name).warning(message, "<AsyncPipeline [BAD]>", "the connection is lost")

    assert len(lines()) == is_logged


def test_a_librarys_traceback_is_logged(lines: Lines) -> None:
    logs.configure("error")

    try:
        fail("job")
    except RuntimeError:
        logging.getLogger("apscheduler").exception("failed")

    [event] = lines()
    assert event["exception"].endswith("RuntimeError: job")


def test_python_warnings_are_events(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.configure("info")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        [event] = lines()

    assert event["logger"] == "py.warnings"
    assert "DeprecationWarning: old" in event["event"]


def test_a_terminal_gets_console_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    logs.configure("info")

    structlog.get_logger().info("polled", title="two words", key=SecretStr("secret"), evil="\x1b[2J")

    [line] = terminal.getvalue().splitlines()
    assert line.split(" [info     ] ")[1] == "polled                         evil=[2J key=********** title='two words'"


@pytest.mark.parametrize(("style", "is_json"), [("auto", True), ("json", True), ("console", False)])
def test_without_a_terminal_the_format_is_as_set(style: Any, is_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", style)

    structlog.get_logger().info("polled")

    assert capsys.readouterr().err.startswith("{") is is_json


def test_lines_go_to_the_current_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure("info", "json")
    log = structlog.get_logger()
    log.info("before")

    monkeypatch.setattr(sys, "stderr", later := io.StringIO())
    log.info("after")

    assert json.loads(later.getvalue())["event"] == "after"


def test_a_process_starts_after_a_line_that_could_not_be_written() -> None:
    """`multiprocessing` flushes stderr first, and must find nothing there that the full disk refused."""
    script = (
        "import structlog; from ingestd.daemon import logs; from ingestd.workers.worker import CONTEXT;"
        "logs.configure('info'); structlog.get_logger().info('polled');"
        "process = CONTEXT.Process(target=int); process.start(); process.join(); print(process.exitcode)"
    )
    with Path("/dev/full").open("w") as full:
        command, environment = [sys.executable, "-c", script], {**os.environ, "PYTHONUNBUFFERED": ""}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, env=environment, check=False)

    assert (done.stdout, done.returncode) == (b"0\n", 0)

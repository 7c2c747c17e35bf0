"""Jobs that succeed, fail, hang and crash.  Each worker imports this module, so the import must be cheap."""

import os
import re
import signal
import sys
import time
from pathlib import Path

from ingestd.errors import IngestError, NoArticle, Refused


class Unportable(IngestError):
    """An error that cannot be unpickled, since its constructor does not accept its args."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def double(number: int) -> int:
    return number * 2


def join(*words: str, by: str = " ") -> str:
    return by.join(words)


def echo(body: bytes) -> bytes:
    return body


def pid() -> int:
    return os.getpid()


def process_state() -> dict[str, object]:
    return {
        "nice": os.nice(0),
        "interrupt": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
        "terminate": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
    }


def loaded(*modules: str) -> list[str]:
    """Return those of the modules that this process has imported."""
    return [module for module in modules if module in sys.modules]


def refuse() -> None:
    raise Refused("https://paper.example/1", 503, 120.0)


def no_article() -> None:
    raise NoArticle("a page without paragraphs")


def raise_bug() -> None:
    raise ZeroDivisionError("columns")


def exit_3() -> None:
    sys.exit(3)


def unportable() -> None:
    raise Unportable("one", "two")


def unpicklable() -> object:
    return lambda: None


def sleep(fifo: str | None = None) -> None:
    """Sleep longer than any test; the reader of `fifo` gets the process id at the start, and EOF when it is killed."""
    if fifo:
        os.write(os.open(fifo, os.O_WRONLY), f"{os.getpid()}\n".encode())
    time.sleep(60)


def backtrack() -> None:
    """Hang in C, where no Python signal handler runs."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def spin() -> None:
    while True:
        pass


def burn(seconds: float) -> int:
    """Use a CPU for some seconds of CPU time; return the process id."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return os.getpid()


def announce_and_backtrack() -> None:
    os.write(2, b"hanging\n")
    backtrack()


def abort() -> None:
    os.abort()


def hoard(count: int) -> int:
    return len(bytes(count))


def sometimes_die(number: int, deadly: tuple[int, ...]) -> int:
    if number in deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def recurse() -> None:
    recurse()


def wait(fifo: str) -> None:
    """Wait until the other end of `fifo` has been opened and closed."""
    Path(fifo).read_bytes()


def parse_or_hang(body: bytes, url: str, content_type: str | None, known: frozenset[bytes] | None = None) -> object:
    """Parse a feed as the job of the daemon does; hang if it says "hang: backtrack", "hang: spin" or "hang: sleep"."""
    for hang in (backtrack, spin, sleep):
        if b"hang: " + hang.__name__.encode() in body:
            hang()
    from ingestd.workers.jobs import parse_feed  # noqa: PLC0415 - slow to import, and not needed by other jobs

    return parse_feed(body, url, content_type, known)

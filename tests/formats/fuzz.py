"""Fuzz bytes to Feed, guided by coverage: `make fuzz`, or `python -m tests.formats.fuzz SECONDS [FOLDER]`.

FOLDER holds feeds to begin with, beside the samples of `test_fuzz`.  It ends by itself: with status 0 after SECONDS
without a find, else with the input that broke a promise of `test_fuzz.check` in a file named crash-*.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["feedparser", "ingestd"]):
    from tests.formats.test_fuzz import SAMPLES, TYPES, check

#: More bytes take long, and show nothing that fewer do not.
_MAX_BYTES = 4096


def one(data: bytes) -> None:
    """Parse what the fuzzer came up with; its first byte says which Content-Type it has."""
    if data:
        check(data[1:], TYPES[data[0] % len(TYPES)])


def main(seconds: int, folder: Path | None = None) -> None:
    """Fuzz for so many seconds of the wall clock."""
    with tempfile.TemporaryDirectory() as begin:
        for number, sample in enumerate(SAMPLES):
            (Path(begin) / str(number)).write_bytes(b"\0" + sample)
        folders = [begin, *([str(folder)] if folder else [])]
        options = [f"-max_total_time={seconds}", f"-max_len={_MAX_BYTES}", "-timeout=20", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], *options, *folders], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(Path, sys.argv[2:3]))

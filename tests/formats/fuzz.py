"""Fuzz the parser, guided by coverage: `make fuzz`, or `python -m tests.formats.fuzz SECONDS [FOLDER]`.

FOLDER holds feeds to start from, in addition to the samples of `test_fuzz`.  The fuzzer exits with status 0 after
SECONDS without a finding; otherwise it writes the input that failed `test_fuzz.check` to a file named crash-*.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["feedparser", "ingestd"]):
    from tests.formats.test_fuzz import SAMPLES, TYPES, check

#: Longer inputs are slow and find nothing more.
_MAX_BYTES = 4096


def one(data: bytes) -> None:
    """Parse one input; its first byte selects the Content-Type."""
    if data:
        check(data[1:], TYPES[data[0] % len(TYPES)])


def main(seconds: int, folder: Path | None = None) -> None:
    """Fuzz for a number of seconds of wall-clock time."""
    with tempfile.TemporaryDirectory() as seeds:
        for number, sample in enumerate(SAMPLES):
            (Path(seeds) / str(number)).write_bytes(b"\0" + sample)
        folders = [seeds, *([str(folder)] if folder else [])]
        options = [f"-max_total_time={seconds}", f"-max_len={_MAX_BYTES}", "-timeout=20", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], *options, *folders], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(Path, sys.argv[2:3]))

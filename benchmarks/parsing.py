"""Compare the CPU time of parsing with a baseline: `python benchmarks/parsing.py CORPUS_DIR`.

CORPUS_DIR has a folder of wire files for each format.  The baseline for XML is a bare `lxml.etree.fromstring` of the
same file with the same parser options (entities, network and DTD off); for JSON it is `json.loads` and a walk over
every key and value.  Both are measured in turn in the same run, and the minimum of many rounds counts; the table has
the median over the files of a format.  ANPA and IPTC 7901 have no baseline: only their time is shown.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

from lxml import etree

from ingestd import formats

ROUNDS = 15
CALLS = 20
OPTIONS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
PARSER = etree.XMLParser(**OPTIONS)


def walk(value: object) -> int:
    if isinstance(value, dict):
        return sum(walk(one) for one in value.values())
    if isinstance(value, list):
        return sum(walk(one) for one in value)
    return 1


def baseline(body: bytes) -> Callable[[], object] | None:
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith((b"{", b"[")):
        return lambda: walk(json.loads(body))
    if not text.startswith(b"<"):
        return None
    try:
        etree.fromstring(body, PARSER)
    except etree.XMLSyntaxError:
        return None  # ingestd parses it in a second attempt, which the baseline does not make
    return lambda: etree.fromstring(body, PARSER)


def min_cpu_times(calls: list[Callable[[], object]]) -> list[float]:
    """Return the minimum CPU time of each call, in seconds; measured in turn, so that noise affects all alike."""
    found = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for number, call in enumerate(calls):
            start = process_time()
            for _ in range(CALLS):
                call()
            found[number] = min(found[number], (process_time() - start) / CALLS)
    return found


def main(folder: Path) -> None:
    print(f"{'format':<24}{'files':>6}{'base us':>11}{'ours us':>9}{'ratio':>8}{'p90':>7}")
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        rows: list[tuple[float, float]] = []
        for path in sorted(kind.iterdir()):
            if path.name.endswith(".expected.json"):
                continue
            body = path.read_bytes()
            bare = baseline(body)
            try:
                formats.parse(body, url="http://localhost/")
            except formats.ParseError:
                continue
            calls: list[Callable[[], object]] = [lambda body=body: formats.parse(body, url="http://localhost/")]  # type: ignore[misc]
            ours, *bares = min_cpu_times([*calls, *([bare] if bare else [])])
            rows.append((bares[0] if bares else 0.0, ours))
        ratios = sorted(ours / bare for bare, ours in rows if bare)
        baselines, all_ours = median(bare for bare, _ in rows) * 1e6, median(ours for _, ours in rows) * 1e6
        shown = f"{median(ratios):>8.2f}{ratios[int(len(ratios) * 0.9)]:>7.2f}" if ratios else ""
        print(f"{kind.name:<24}{len(rows):>6}{baselines:>11.0f}{all_ours:>9.0f}{shown}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

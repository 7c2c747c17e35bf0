"""Run all benchmarks of the table in README.md, write it, and write their figures to results.json.

python benchmarks/suite.py [--only NAME]...

With --only, the figures of the others stay those of the run that they are from.  A million sources and the engine of
many machines are only measured when they are named: "1,000,000 sources on SQLite", "1,000,000 sources on PostgreSQL",
"turns beside the local engine", "turns at 300,000 sites".  Takes six minutes on two idle
cores, and never more than a quarter of an hour: what has not ended by then is stopped.  Ends with exit status 1 if
one of them fails or is stopped: its figures are then missing.  CORPUS_DIR, if it is set, has a folder `articles` of
saved pages, which are cleaned and ingested besides invented ones.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import IO, Any

from peer import PYTHON

FOLDER = Path(__file__).parent
README, RESULTS = FOLDER / "README.md", FOLDER / "results.json"
BEGIN, END = "<!-- make bench writes what follows -->", "<!-- the end of what make bench writes -->"
#: Seconds after which a benchmark is stopped: of all that run by default, in sum, and one that is named.
ALL, NAMED = 870.0, 1800.0
OURS = ("ingestd", "aiohttp", "feedparser", "trafilatura", "lxml", "SQLAlchemy")
THEIRS = ("reader", "Scrapy", "trafilatura", "feedparser")


def benchmarks() -> dict[str, list[str]]:
    """Return the command lines by name."""
    found = {
        "unchanged": ["unchanged.py", "--peers", "--rounds", "6"],
        "unchanged over TLS": ["unchanged.py", "--tls", "--rounds", "4"],
        "first ingest": ["first_ingest.py", "--rounds", "2"],
        "changed": ["changed.py", "--peers"],
        "end to end": ["end_to_end.py", "--peers", "--rounds", "2"],
        "lag": ["lag_and_memory.py"],
        "stories on and off": ["placement_rate.py", "--rounds", "2", "--feeds", "8"],
        "deliveries on SQLite": ["deliveries.py", "--database", "sqlite", "--records", "2000"],
        "deliveries on PostgreSQL": ["deliveries.py", "--database", "postgresql", "--records", "2000"],
        "10,000 sources": ["many_sources.py"],
        "100,000 sources": ["many_sources.py", "--sources", "100000"],
    }
    if corpus := os.environ.get("CORPUS_DIR"):
        found["cleaning"] = ["cleaning.py", f"{corpus}/articles"]
        found["end to end, saved pages"] = ["end_to_end.py", "--rounds", "2", "--pages", f"{corpus}/articles"]
    return found


def on_demand() -> dict[str, list[str]]:
    """Return the command lines of those that take long and only run when they are named."""
    return {
        "1,000,000 sources on SQLite": ["many_sources.py", "--sources", "1000000"],
        "1,000,000 sources on PostgreSQL": ["many_sources.py", "--sources", "1000000", "--database", "postgresql"],
        "turns beside the local engine": ["turns.py"],
        "turns at 300,000 sites": ["turns_many.py"],
    }


def measure(name: str, arguments: list[str], most: float) -> tuple[list[dict[str, Any]], bool]:
    """Run a benchmark for `most` seconds at most, print what it prints, return its figures and whether it succeeded."""
    print(f"== {name}", flush=True)
    begun, figures = perf_counter(), []
    log = FOLDER.parent / ".cache" / f"bench-{name.replace(chr(32), chr(45))}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as errors:
        output, status = _output_of([sys.executable, str(FOLDER / arguments[0]), *arguments[1:]], errors, most)
    print(output, end="")
    for line in output.splitlines():
        found = json.loads(line)
        if "figure" in found:
            figures.append({"benchmark": name, **found})
    if status:
        lines = [line for line in log.read_text().splitlines() if not line.startswith("{")]
        print("\n".join([*lines[-15:], f"{name}: exit status {status}"]), file=sys.stderr)
    print(f"   {perf_counter() - begun:.0f} s", flush=True)
    return ([] if status else figures), not status


def _output_of(command: list[str], errors: IO[str], most: float) -> tuple[str, int | str]:
    """Return what a command prints, and its exit status; one that takes too long ends with all that it has started."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=FOLDER.parent, start_new_session=True
    )
    try:
        return process.communicate(timeout=max(0.1, most))[0], process.returncode
    except subprocess.TimeoutExpired:
        for number in (signal.SIGINT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=30)[0], f"none after {max(0.0, most):.0f} s"
        raise


def versions() -> dict[str, str]:
    found = {name: version(name) for name in OURS}
    script = "import importlib.metadata as m, sys; print('\\n'.join(m.version(name) for name in sys.argv[1:]))"
    if PYTHON.exists():
        done = subprocess.run([str(PYTHON), "-c", script, *THEIRS], stdout=subprocess.PIPE, text=True, check=True)
        found |= {f"{name} (peer)": value for name, value in zip(THEIRS, done.stdout.split(), strict=True)}
    return {**found, "Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}


def git(*arguments: str) -> str:
    command = ["git", "-C", str(FOLDER), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


def machine() -> dict[str, Any]:
    """Return where, when and on what the figures were measured."""
    dirty = (
        " with changes" if git("status", "--porcelain", "--untracked-files=no", "--", "..", ":!../benchmarks") else ""
    )
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": git("rev-parse", "--short", "HEAD") + dirty,
        "cpus": len(os.sched_getaffinity(0)),
        "machine": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 1),
        "versions": versions(),
    }


def shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: list[dict[str, Any]], runs: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Return the lines of the table, and of what each benchmark was run on."""
    yield "| measure | compared with, or of | median | spread | turns | run |"
    yield "|---|---|---|---|---|---|"
    places = list(dict.fromkeys(json.dumps(run) for run in runs.values()))
    for row in figures:
        unit = " ×" if row["unit"] == "×" else f" {row['unit']}".rstrip()
        spread = f"{shown(row['low'])}–{shown(row['high'])}" if row["turns"] > 1 else ""
        place = places.index(json.dumps(runs[row["benchmark"]])) + 1
        cells = [row["figure"], row["of"], f"**{shown(row['median'])}{unit}**", spread, str(row["turns"]), str(place)]
        yield f"| {' | '.join(cells)} |"
    yield ""
    for number, run in enumerate(map(json.loads, places), start=1):
        versions = ", ".join(f"{name} {value}" for name, value in run["versions"].items())
        yield textwrap.fill(
            f"{number}. Commit {run['commit']}, {run['date']}, {run['cpus']} CPUs ({run['machine']}), load "
            f"{run['load']}; {versions}.", 120, subsequent_indent="   ",
        )  # fmt: skip


def main(only: list[str]) -> None:
    run, begun, failed = machine(), perf_counter(), []
    known = benchmarks() | on_demand()
    if unknown := set(only) - set(known):
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    for name in only or benchmarks():
        arguments = known[name]
        found, is_done = measure(name, arguments, NAMED if only else begun + ALL - perf_counter())
        failed += [] if is_done else [name]
        # With --only, the others keep the figures of an earlier run.
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"runs": {}, "figures": []}
        others = [row for row in results["figures"] if row["benchmark"] != name]
        runs = {key: value for key, value in results["runs"].items() if key != name} | ({name: run} if is_done else {})
        order = list(known)
        figures = sorted([*others, *found], key=lambda row: order.index(row["benchmark"]) if row["benchmark"] in order
                         else len(order))  # fmt: skip
        RESULTS.write_text(json.dumps({"runs": runs, "figures": figures}, indent=1, ensure_ascii=False) + "\n")
        head, _, rest = README.read_text().partition(BEGIN)
        README.write_text("\n".join([head + BEGIN, "", *table(figures, runs), "", END]) + rest.partition(END)[2])
    print(f"{perf_counter() - begun:.0f} s; failed: {', '.join(failed) or 'none'}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    main(parser.parse_args().only)

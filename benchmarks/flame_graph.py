"""Sample where the CPU time of a main path goes, and draw it as an SVG.

python benchmarks/flame_graph.py [unchanged] [first_ingest] [end_to_end]

Writes docs/performance/PATH-after.svg of each, by default of all three, and the commit to docs/performance.md.  py-spy,
which must be on PATH, samples the daemon and its workers while they poll feeds that answer 304, ingest
feeds for the first time, or ingest feeds and their pages.  The server of the site is left out, and so are frames of
less than a thousandth of the samples.  The width of a frame is its share of the samples.  The SVG has neither scripts
nor links: a browser shows the name and the share of a frame when the pointer rests on it.
"""

import argparse
import asyncio
import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path

from common import add_feeds, make_due, service
from expectations import Outcomes, Unexpected, run
from site_server import SERVERS, Site, serve_site
from suite import git

from ingestd.daemon.service import Service

RATE = 60  # samples a second
WIDTH, ROW, LEAST = 1200, 17, 0.001
#: Colours by the package of a frame; the first that its name begins with.
COLOURS = {
    "ingestd": "#f4a259", "sqlalchemy": "#8cb3d9", "aiosqlite": "#a9c7e8", "sqlite3": "#a9c7e8", "aiohttp": "#9ccc9c",
    "yarl": "#9ccc9c", "multidict": "#9ccc9c", "feedparser": "#e8a0a0", "trafilatura": "#d98c8c", "lxml": "#d98c8c",
    "structlog": "#c9b6e4", "asyncio": "#dddddd",
}  # fmt: skip
#: Frames that every stack begins with, and that say nothing.
PLUMBING = re.compile(
    r"^(?:multiprocessing|threading|runpy|asyncio\.(?:runners|base_events)|flame_graph|expectations)\b"
)
#: Innermost frames of threads and processes that have nothing to do.
WAITING = {
    "aiosqlite.core._connection_worker_thread", "concurrent.futures.thread._worker", "selectors.EpollSelector.select",
    "asyncio.unix_events.ThreadedChildWatcher._do_waitpid", "selectors.PollSelector.select",
    "ingestd.workers.child._receive_exactly",
}  # fmt: skip


@asynccontextmanager
async def sampled(raw: Path) -> AsyncIterator[None]:
    """Sample this process and its children until the body ends."""
    command = ["py-spy", "record", "--pid", str(os.getpid()), "--subprocesses", "--function", "--format", "raw",
               "--rate", str(RATE), "--duration", "unlimited", "--output", str(raw)]  # fmt: skip
    sampler = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert sampler.stdout
    await sampler.stdout.readline()  # it has found the process
    reading = asyncio.create_task(sampler.stdout.read())
    try:
        yield
    finally:
        sampler.send_signal(signal.SIGINT)
        errors = await reading
        if await sampler.wait():
            raise Unexpected(f"py-spy ended with status {sampler.returncode}: {errors.decode()}")


async def unchanged(daemon: Service, wire: str, site: Site, raw: Path) -> None:
    await add_feeds(daemon, wire, site.feeds)
    await daemon.engine.run_until_idle(["polls"])
    async with sampled(raw):
        for _ in range(30):
            await make_due(daemon)
            outcomes = Outcomes(daemon)
            await daemon.engine.run_until_idle(["polls"])
            outcomes.expect(polls={"not_modified": site.feeds})


async def first_ingest(daemon: Service, wire: str, site: Site, raw: Path) -> None:
    await add_feeds(daemon, wire, 2)
    await daemon.engine.run_until_idle(["polls"])  # starts the workers
    outcomes = Outcomes(daemon)
    await add_feeds(daemon, wire, site.feeds)
    async with sampled(raw):
        await daemon.engine.run_until_idle(["polls"])
    outcomes.expect(polls={"new": site.feeds - 2})


async def end_to_end(daemon: Service, wire: str, site: Site, raw: Path) -> None:
    await add_feeds(daemon, wire, 1)
    await daemon.run_until_idle()
    outcomes = Outcomes(daemon)
    await add_feeds(daemon, wire, site.feeds)
    async with sampled(raw):
        await daemon.run_until_idle()
    outcomes.expect(polls={"new": site.feeds - 1}, entries={"saved": (site.feeds - 1) * site.entries})


PATHS = {
    "unchanged": ("Polls answered with 304", unchanged, Site(feeds=200, entries=1, paragraphs=1)),
    "first_ingest": ("First ingest of feeds", first_ingest, Site(feeds=150, entries=20, paragraphs=3)),
    "end_to_end": ("Feeds and pages, end to end", end_to_end, Site(feeds=6, entries=20)),
}
DOCS = Path(__file__).parent.parent / "docs"


def stacks(raw: str, servers: set[int]) -> Iterator[tuple[list[str], int]]:
    """Yield the frames of each stack, outermost first, and how often it was seen; not those of threads that wait."""
    for line in raw.splitlines():
        names, _, count = line.rpartition(" ")
        frames = re.sub(r'process (\d+):".*?"(?=;|$)', r"process \1", names).split(";")
        processes = [int(one.removeprefix("process ")) for one in frames if one.startswith("process ")]
        process = processes[-1] if processes else os.getpid()
        found = [name for name in map(_name, frames[len(processes) :]) if not PLUMBING.match(name)]
        if process not in servers and found and found[-1] not in WAITING:
            yield ["daemon" if process == os.getpid() else "worker", *found], int(count)


def _name(frame: str) -> str:
    """Return `package.module.function` of a frame, without paths of the machine."""
    found = re.match(r"(.*) \((.*?)(?::\d+)?\)$", frame)
    if not found:
        return frame
    path = re.sub(r"^.*?(?:site-packages/|lib/python3\.\d+/|benchmarks/)", "", found[2])
    path = re.sub(r"^.*?(?=ingestd/)", "", path)
    return f"{path.removesuffix('.py').removesuffix('/__init__').strip('/').replace('/', '.')}.{found[1]}"


class Frame:
    """A function as called by those above it: its samples, and the functions that it called."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0
        self.called: dict[str, Frame] = {}

    def add(self, names: Iterable[str], count: int) -> None:
        frame = self
        frame.count += count
        for name in names:
            frame = frame.called.setdefault(name, Frame(name))
            frame.count += count


def svg(root: Frame, title: str) -> str:
    """Return the drawing, callers above what they call."""
    rows: list[str] = []
    depth = _draw(root, 0.0, 0, root.count, rows)
    height = (depth + 1) * ROW + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="11"><rect width="100%" height="100%" fill="#fff"/><text x="4" y="16" font-size="14">'
        f"{escape(title)}: {root.count} samples</text>{''.join(rows)}</svg>\n"
    )


def _draw(frame: Frame, left: float, level: int, total: int, rows: list[str]) -> int:
    width, top = WIDTH * frame.count / total, 26 + level * ROW
    if frame.count < LEAST * total:
        return level
    colour = next((colour for name, colour in COLOURS.items() if frame.name.startswith(name)), "#e8e0d0")
    label = (
        frame.name if frame.name.startswith("ingestd") else frame.name.split(".")[0] + "." + frame.name.split(".")[-1]
    )
    label = label.removeprefix("ingestd.")
    shown = label[-max(0, int(width / 6)) :] if width > 24 else ""
    text = f'<text x="{left + 2:.1f}" y="{top + 12}">{escape(shown)}</text>' if shown else ""
    rows.append(
        f'<g><title>{escape(frame.name)} {100 * frame.count / total:.1f} %</title><rect x="{left:.1f}" y="{top}" '
        f'width="{max(0.3, width - 0.3):.1f}" height="{ROW - 1}" fill="{colour}"/>{text}</g>\n'
    )
    deepest = level
    for called in sorted(frame.called.values(), key=lambda one: -one.count):
        deepest = max(deepest, _draw(called, left, level + 1, total, rows))
        left += WIDTH * called.count / total
    return deepest


async def sample(name: str, raw: Path) -> set[int]:
    """Run a path, and return the processes that serve its site."""
    _, work, site = PATHS[name]
    with serve_site(site) as wire:
        servers = set(SERVERS)
        async with service(extractors=2) as daemon:
            await work(daemon, wire, site, raw)
    return servers


def draw(name: str, commit: str) -> None:
    """Sample a path, and replace its drawing and the commit in its caption."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "stacks"
        servers = asyncio.run(sample(name, raw))
        root = Frame("all")
        for names, count in stacks(raw.read_text(), servers):
            root.add(names, count)
    out = f"performance/{name}-after.svg"
    (DOCS / out).write_text(svg(root, f"{PATHS[name][0]}, commit {commit}"))
    text = (DOCS / "performance.md").read_text()
    caption = rf"!\[After: commit \w+\]\({re.escape(out)}\)"
    (DOCS / "performance.md").write_text(re.sub(caption, f"![After: commit {commit}]({out})", text))
    shares: Counter[str] = Counter({called.name: called.count for called in root.called.values()})
    print(f"{out}: {root.count} samples, {dict(shares)}", flush=True)


def main(names: list[str]) -> None:
    commit = git("rev-parse", "--short=7", "HEAD")
    for name in names or PATHS:
        draw(name, commit)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="*", help=f"{', '.join(PATHS)}; default: all")
    args = parser.parse_args()
    if unknown := set(args.path) - set(PATHS):
        parser.error(f"no path is called {', '.join(sorted(unknown))}")
    run(lambda: main(args.path))

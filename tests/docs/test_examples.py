"""Every command that README.md, CONTRIBUTING.md and docs/ show exists, and every ingestd command runs."""

import http.client
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ingestd.cli.app import load
from ingestd.cli.commands import COMMANDS, Group
from tests.cli.running import ingestd
from tests.daemon.processes import Daemon, eventually
from tests.docs.examples import HOST, PAGES, ROOT, blocks, commands, lay_out, of_ingestd, publish
from tests.support.papers import Papers

TOUR = next(block for block in blocks("docs/getting-started.md") if block[0].startswith("export INGESTD_CONFIG="))[1:]
#: Pages whose examples ask the running daemon.
ASK_THE_DAEMON = ("docs/consumers.md", "docs/feeds.md", "docs/operations.md", "docs/push.md")
#: Pages whose examples are run by the tour of the demo instead.
TOURED = ("README.md", "docs/getting-started.md")
#: A status other than 0 that an example has on this newsroom.
STATUS = {"coverage": 1}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_exists_with_its_options(page: str) -> None:
    table = {command.name: command for command in COMMANDS}
    for name, *rest in of_ingestd(page):
        entry = table[name]
        if isinstance(entry, Group):
            entry = {command.name: command for command in entry.commands}[rest.pop(0)]
        known = {option for found in load(entry).params for option in (*found.opts, *found.secondary_opts)}
        assert {word for word in rest if re.match(r"--?[a-z]", word)} <= known, (name, rest)


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_exists(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = [line.split()[1] for line in commands(page) if line.startswith("make ")]
    targets += [line.split()[1] for line in re.findall(r"`(make [a-z]+)[^`]*`", PAGES[page])]

    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_exists(page: str) -> None:
    named = set(re.findall(r"(?<![/\w])(?:deploy|docs|benchmarks|tests|ingestd)/[\w./@-]*\w", PAGES[page]))
    # The documentation names modules by their path below the package.
    folders = "|".join(path.name for path in (ROOT / "ingestd").iterdir() if path.is_dir())
    named |= {f"ingestd/{name}" for name in re.findall(rf"`((?:{folders})/[\w/]*\.\w+)`", PAGES[page])}
    named -= {"ingestd/ingestd.toml"}  # below the XDG configuration directory

    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.fixture(scope="module")
def papers() -> Iterator[Papers]:
    papers = Papers()
    publish(papers)
    yield papers
    papers.close()


@pytest.fixture(scope="module")
def seeded(papers: Papers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the source and the record that the examples call 1, a gap, and two interrupted backfills."""
    folder = tmp_path_factory.mktemp("seeded")
    config = write_config(folder)
    assert ingestd(config, "sources", "add", papers.url("/feed.xml")).status == 0
    assert ingestd(config, "poll", "1").status == 0
    urls = folder / "urls.txt"
    urls.write_text(papers.url("/stories/1"))
    then = "2026-11-24 08:00:00.000000"
    with closing(sqlite3.connect(folder / "state" / "ingestd.db")) as database, database:
        database.execute("INSERT INTO gaps (source_id, from_at, to_at, state) VALUES (1, ?, ?, 'open')", (then, then))
        for argument in (urls, folder):
            columns = "kind, argument, options, source_id, state, cursor, created_at, updated_at"
            values = ("urls", str(argument), "{}", 1, "running", "{}", then, then)
            database.execute(f"INSERT INTO backfills ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        for table in ("revisions", "carriers"):
            database.execute(f"UPDATE {table} SET seen_at = ?", (then,))
        database.execute("UPDATE events SET at = ?", (then,))
    return folder


def write_config(folder: Path) -> Path:
    file = folder / "ingestd.toml"
    file.write_text(
        f"state_dir = '{folder}/state'\nallow_networks = ['127.0.0.0/8']\nhost_delay = 0\nextractors = 1\n"
        "attempts = 1\nlisten = '127.0.0.1:0'\nlog_format = 'json'\n"
    )
    return file


@pytest.fixture
def config(seeded: Path, papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings for a copy of that database, with the files of the examples in the current directory."""
    shutil.copytree(seeded / "state", tmp_path / "state")
    lay_out(tmp_path, papers)
    monkeypatch.chdir(tmp_path)
    return write_config(tmp_path)


@pytest.fixture
def daemon(request: pytest.FixtureRequest, config: Path) -> Iterator[str]:
    """The address of a daemon on that database; empty for pages that do not ask one."""
    if request.getfixturevalue("page") not in ASK_THE_DAEMON:
        yield ""
        return
    ingestd(config, "sources", "add", "inbox:wire")
    daemon = Daemon(config)
    try:
        address = daemon.logged("started")["address"]
        config.write_text(config.read_text().replace("127.0.0.1:0", address.removeprefix("http://").rstrip("/")))
        yield address
    finally:
        status = daemon.end()
    assert status == 0


@pytest.mark.parametrize("page", [page for page in PAGES if page not in TOURED and of_ingestd(page)])
def test_the_examples_run(page: str, config: Path, daemon: str, papers: Papers) -> None:
    """In the order of the page, with the local publisher in the place of the invented host."""
    for line in commands(page):
        name, *words = shlex.split(line)
        if name == "curl":
            assert asked(words, daemon) in (200, 202), line
        if name not in ("ingestd", "ingestd-admin"):
            continue
        arguments = [here(word, config.parent, papers) for word in words]
        if any(word.startswith(("ftp", "sftp")) for word in words):
            arguments.append("--unchecked")
        if arguments[0] == "run" or "--follow" in arguments:
            assert stopped(config, *arguments) == 0, line
            continue
        done = ingestd(config, *arguments)
        assert done.status == STATUS.get(words[0], 0), (line, done)


def here(word: str, folder: Path, papers: Papers) -> str:
    """Return an argument with what is invented in it replaced by what is here."""
    word = word.replace(HOST, papers.url("").rstrip("/"))
    return str(folder / "spool") if word == "/var/spool/wire" else word


def asked(words: list[str], address: str) -> int:
    """Send what a curl command line sends, and return the status; `-u` is not needed on this host."""
    headers = dict(
        tuple(words[at + 1].split(": ", 1))
        for at, word in enumerate(words)
        if word == "-H"  # type: ignore[misc]
    )
    body = None
    if "--data-binary" in words:
        body = Path(words[words.index("--data-binary") + 1].removeprefix("@")).read_bytes()
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
        connection.request("POST" if body is not None else "GET", urlsplit(words[-1]).path, body, headers)
        return connection.getresponse().status


def stopped(config: Path, *arguments: str) -> int:
    """Run a command that runs until it is stopped, stop it once it handles SIGTERM, and return its status."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestd", *arguments, "--config", str(config)], stderr=subprocess.DEVNULL
    )
    eventually(lambda: process.poll() is not None or handles(process.pid, signal.SIGTERM), lambda: arguments)
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


def handles(pid: int, number: signal.Signals) -> bool:
    """Return whether a process has installed a handler for a signal (proc_pid_status(5), SigCgt)."""
    caught = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(caught and int(caught[1], 16) >> (number - 1) & 1)


@pytest.fixture(scope="module")
def demo() -> Iterator[Path]:
    """The settings of a running demo that has published everything."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestd", "demo"], env={**os.environ, "INGESTD_LISTEN": "127.0.0.1:0"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout
    lines = iter(process.stdout.readline, "")
    settings = next(line.removeprefix("settings: ").strip() for line in lines if line.startswith("settings: "))
    address = next(line for line in lines if line.startswith("status page: ")).split()[2]
    text = re.sub(
        'listen = ".*"', f'listen = "{address.removeprefix("http://").rstrip("/")}"', Path(settings).read_text()
    )
    Path(settings).write_text(text)
    assert next(line for line in lines if line.startswith("carried"))
    yield Path(settings)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "records" in rest


def test_the_tour_runs(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = [arguments for arguments in of_ingestd("README.md") if arguments[0] not in ("sources", "run")]
    for arguments in [*(shlex.split(line)[1:] for line in TOUR), *examples]:
        done = ingestd(demo, *arguments)
        assert done.status == 0, (arguments, done)
        notes = done.error.splitlines()
        # Showing what is withheld or killed is logged, and an empty list has a note; nothing else is printed besides.
        # The kill may be still to come, and the placement of the copies.
        empty = ("no failures", "no records;", "no stories;", "no record is placed")
        assert all("withheld content shown" in line or line.startswith(empty) for line in notes), (arguments, notes)
        if arguments[0] != "stories":
            assert bool(notes) == ("--status" in arguments or arguments == ["failures", "list"]), arguments
    assert "Sound Ferry Line" in (tmp_path / "records.jsonl").read_text()

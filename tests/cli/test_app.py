import errno
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ingestd import __version__
from ingestd.cli import app as command_line
from ingestd.cli.app import errors_as_statuses, load
from ingestd.cli.commands import COMMANDS, Command, Group
from ingestd.errors import ConfigError, IngestError, StoreUnavailable, UsageError

FOLDER = Path(command_line.__file__).parent

#: Every command below the groups, with the words that call it.
ALL = [
    (f"{entry.name} {command.name}" if isinstance(entry, Group) else command.name, command)
    for entry in COMMANDS
    for command in (entry.commands if isinstance(entry, Group) else (entry,))
]

#: Modules that hold no command.
HELPERS = {
    "app", "backfill.options", "backfill.run", "clean.batch_line", "clean.explanation", "commands",
    "consumers.options", "consumers.state", "database", "db.progress", "demo.cluster", "demo.events", "demo.node",
    "demo.report", "demo.server", "demo.setup", "empty", "iterate", "log", "main_help", "nodes.options",
    "nodes.state", "options", "output", "records.decide", "records.options", "records.table", "settings", "since",
    "sources.state", "stories.options", "stories.table", "terminal", "withheld",
}  # fmt: skip


def ingestd(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ingestd", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_every_module_is_in_the_table_or_a_helper() -> None:
    modules = {
        ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        for path in FOLDER.rglob("*.py")
        if path.stem != "__init__"
    }

    assert {command.target.partition(":")[0] for _, command in ALL} == modules - HELPERS
    assert modules >= HELPERS


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_a_command_is_listed_with_the_first_line_of_its_docstring(name: str, command: Command) -> None:
    loaded = load(command)

    assert loaded.name == command.name
    assert (loaded.help or "").strip().splitlines()[0] == command.help


def test_help_lines_fit_a_terminal_of_80_columns() -> None:
    assert [line for line in ingestd("--help").stdout.splitlines() if len(line) > 80] == []
    # Below a group, the parser cuts a line that is too long.
    for group in (entry for entry in COMMANDS if isinstance(entry, Group)):
        shown = ingestd(group.name, "--help").stdout
        assert [command.help for command in group.commands if command.help not in shown] == []


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_the_commands_in_order(option: str) -> None:
    done = ingestd(option)

    at = [done.stdout.index(f"\n  {command.name} ") for command in COMMANDS]
    assert done.returncode == 0
    assert at == sorted(at)


def test_the_parser_shows_the_same_help() -> None:
    # Without arguments the parser runs, and help is an error.
    done = ingestd()

    assert done.returncode == 2
    assert done.stderr == ingestd("--help").stdout


def test_help_lists_the_options_that_the_parser_has() -> None:
    code = (
        "from typer.main import get_command\nfrom ingestd.cli.app import app\nfrom ingestd.cli.main_help import OPTIONS"
    )
    code += "\nprint([p.opts[0] for p in get_command(app).params], [name for name, _ in OPTIONS])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    options = ["--version", "--install-completion", "--show-completion"]
    assert done.stdout == f"{options} {[*options, '-h, --help']}\n"


def test_the_version_is_printed() -> None:
    assert ingestd("--version").stdout == f"ingestd {__version__}\n"


def test_an_unknown_command_names_the_nearest() -> None:
    done = ingestd("confg")

    assert done.returncode == 2
    assert "Did you mean 'config'" in done.stderr


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("ingestd conf", "config"),
        ("ingestd config ch", "check"),
        ("ingestd config show --j", "--json"),
        ("ingestd sources im", "import"),
    ],
)
def test_the_shell_completes_commands_and_their_options(line: str, completed: str) -> None:
    done = ingestd(_INGESTD_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(line.count(" ")))

    assert done.stdout.split() == [completed]


@pytest.mark.parametrize("arguments", [("config", "show"), ("--help",)], ids=" ".join)
def test_a_reader_may_close_the_pipe(arguments: tuple[str, ...]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)

    done = subprocess.run(
        [sys.executable, "-m", "ingestd", *arguments],
        stdout=write_end, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
    )  # fmt: skip
    os.close(write_end)

    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("error", "status", "printed"),
    [
        (ConfigError("interval: wrong"), 2, "ingestd: interval: wrong\n"),
        (UsageError("no source 7"), 2, "ingestd: no source 7\n"),
        (StoreUnavailable("no answer"), 1, "ingestd: no answer\n"),
        (IngestError("a\nb\x1b[2J"), 1, "ingestd: a\ningestd: b[2J\n"),
        (IngestError(), 1, "ingestd: IngestError\n"),
    ],
)
def test_an_ingest_error_is_printed_and_has_a_status(
    error: IngestError, status: int, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, errors_as_statuses():
        raise error

    assert ended.value.code == status
    assert capsys.readouterr() == ("", printed)


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), errors_as_statuses():
        raise ZeroDivisionError


def test_an_interrupt_has_its_own_status_and_no_traceback(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestd", "config", "check", str(tmp_path / "fifo")], stderr=subprocess.PIPE, text=True
    )
    fifo = open_for_reader(tmp_path / "fifo", process)

    printed = interrupt(process)
    os.close(fifo)

    assert (process.returncode, printed) == (130, "")


def open_for_reader(fifo: Path, process: subprocess.Popen[str]) -> int:
    """Wait until a process reads from a FIFO, and return a descriptor to write to it."""
    while process.poll() is None:
        with suppress(OSError):  # ENXIO: there is no reader yet (fifo(7))
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    raise AssertionError("it ended before it read")


def interrupt(process: subprocess.Popen[str]) -> str:
    """Interrupt until it ends: Python only notes a signal that arrives just before a read, and then reads.

    A second signal that arrives while it exits would kill it, so there is time to exit on a busy machine.
    """
    for _ in range(6):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=10)[1]
    raise AssertionError("it did not end")


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_every_command_takes_config_and_json_and_documents_its_exit_status(name: str, command: Command) -> None:
    loaded = load(command)

    options = {option for parameter in loaded.params for option in parameter.opts}
    assert "--config" in options
    # The daemon prints nothing: its log is JSON where no person reads it.
    assert "--json" in options or name == "run"
    assert "Exit status: " in (loaded.help or "")


def test_nothing_is_imported_from_the_working_directory(tmp_path: Path) -> None:
    for name in ("ingestd", "trafilatura", "py3langid"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'a').write('{name}')")
    (tmp_path / "page.html").write_text(f"<p>{'The ferry runs again, the harbour master said. ' * 5}</p>")

    done = subprocess.run(
        [Path(sys.executable).with_name("ingestd"), "clean", "page.html"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "free some space"), (errno.EROFS, "mount it writable"), (errno.EACCES, "run as the service user")],
)
def test_an_error_of_the_disk_is_one_line_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str], number: int, message: str
) -> None:
    with pytest.raises(SystemExit) as caught, errors_as_statuses():
        raise OSError(number, os.strerror(number), "/var/lib/ingestd/turns.lock")

    assert caught.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ingestd: /var/lib/ingestd/turns.lock: {os.strerror(number)}; {message}")

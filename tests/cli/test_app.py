import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ingestd import __version__
from ingestd.cli import app as command_line
from ingestd.cli.app import COMMANDS, Command, errors_told
from ingestd.errors import ConfigError, IngestError, StoreUnavailable, UsageError

FOLDER = Path(command_line.__file__).parent
NO_COMMANDS = {"batch_line", "explanation", "setup", "__init__", "app", "options", "output", "record_json"}


def ingestd(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ingestd", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_every_module_is_in_the_table() -> None:
    in_table = {command.target.partition(":")[0] for command in COMMANDS}

    assert in_table == {path.stem for path in FOLDER.glob("*.py")} - NO_COMMANDS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_is_listed_with_the_first_line_of_its_own_help(command: Command) -> None:
    loaded = command.load()

    assert loaded.name == command.name
    assert (loaded.help or "").strip().splitlines()[0] == command.help


def test_help_lists_the_commands_in_their_order_and_imports_none() -> None:
    code = (
        "import sys\nfrom ingestd.cli.app import run\n"
        "try: run()\nfinally: print([m for m in sys.modules if m in ('sqlalchemy', 'aiohttp', 'trafilatura')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True, timeout=30
    )

    at = [done.stdout.index(f"│ {command.name} ") for command in COMMANDS]
    assert at == sorted(at)
    assert done.stdout.endswith("[]\n")


def test_the_version_is_told() -> None:
    assert ingestd("--version").stdout == f"ingestd {__version__}\n"


def test_a_command_that_is_none_names_the_nearest() -> None:
    done = ingestd("confg")

    assert done.returncode == 2
    assert "Did you mean 'config'" in done.stderr


@pytest.mark.parametrize(
    ("line", "completed"),
    [("ingestd conf", "config"), ("ingestd config ch", "check"), ("ingestd config show --j", "--json")],
)
def test_the_shell_completes_commands_and_their_options(line: str, completed: str) -> None:
    done = ingestd(_INGESTD_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(line.count(" ")))

    assert done.stdout.split() == [completed]


def test_whoever_reads_may_stop_reading() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)

    done = subprocess.run(
        [sys.executable, "-m", "ingestd", "config", "show"],
        stdout=write_end, stderr=subprocess.PIPE, text=True, check=False, timeout=30,
    )  # fmt: skip
    os.close(write_end)

    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (ConfigError("interval: wrong"), 2, "ingestd: interval: wrong\n"),
        (UsageError("no source 7"), 2, "ingestd: no source 7\n"),
        (StoreUnavailable("no answer"), 1, "ingestd: no answer\n"),
        (IngestError("a\nb\x1b[2J"), 1, "ingestd: a\ningestd: b[2J\n"),
        (IngestError(), 1, "ingestd: IngestError\n"),
    ],
)
def test_an_error_on_purpose_is_a_line_and_a_status(
    error: IngestError, status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, errors_told():
        raise error

    assert ended.value.code == status
    assert capsys.readouterr() == ("", told)


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), errors_told():
        raise ZeroDivisionError


def test_an_interrupt_has_its_own_status_and_no_traceback(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestd", "config", "check", str(tmp_path / "fifo")], stderr=subprocess.PIPE, text=True
    )
    fifo = opened_by_its_reader(tmp_path / "fifo", process)

    told = interrupted(process)
    os.close(fifo)

    assert (process.returncode, told) == (130, "")


def opened_by_its_reader(fifo: Path, process: subprocess.Popen[str]) -> int:
    """Wait until a process reads from a pipe, and return the end to write to."""
    while process.poll() is None:
        with suppress(OSError):  # ENXIO: nobody reads yet (fifo(7))
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    raise AssertionError("it ended before it read")


def interrupted(process: subprocess.Popen[str]) -> str:
    """Interrupt until it ends: Python only notes a signal that comes just before a read, and then reads."""
    for _ in range(60):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=0.5)[1]
    raise AssertionError("it did not end")


def leaves(command: Command) -> list[tuple[str, object]]:
    """The commands below a line of the table, each with its name."""
    loaded = command.load()
    below = getattr(loaded, "commands", None)
    return [(f"{command.name} {name}", sub) for name, sub in below.items()] if below else [(command.name, loaded)]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_takes_config_and_json_and_says_how_it_exits(command: Command) -> None:
    for name, leaf in leaves(command):
        options = {option for parameter in leaf.params for option in parameter.opts}
        assert "--config" in options, name
        # The daemon prints nothing: its log is JSON where no person reads it.
        assert "--json" in options or name == "run", name
        assert "Exit status: " in (leaf.help or ""), name


def test_nothing_is_imported_from_where_it_is_run(tmp_path: Path) -> None:
    for name in ("ingestd", "trafilatura", "py3langid"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'a').write('{name}')")
    (tmp_path / "page.html").write_text(f"<p>{'The ferry runs again, the harbour master said. ' * 5}</p>")

    done = subprocess.run(
        [Path(sys.executable).with_name("ingestd"), "clean", "page.html"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "sprung").exists()

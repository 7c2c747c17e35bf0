"""CPU that the commands take to start, against what they cannot do without.

Commands that read settings or the database are compared with importing SQLAlchemy, typer, rich and pydantic-settings,
`ingestd --help` with Python itself; all are run in turn, and medians count.

python benchmarks/startup.py [ROUNDS]
"""

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from common import print_json

PROGRAM = Path(sys.executable).with_name("ingestd")
PYTHON = "python -c pass"
LIBRARIES = "python -c 'import sqlalchemy.ext.asyncio, typer, rich.table, pydantic_settings'"

#: Command → what it is compared with, at most how many times as much CPU, its exit status, the first line it prints.
COMMANDS = {
    "--help": (PYTHON, 2.5, 0, "Usage: ingestd [OPTIONS] COMMAND [ARGS]..."),
    "sources list": (LIBRARIES, 1.5, 0, "id\tcondition\tentries\tlast_polled_at\tnext_attempt_at\ttitle\turl\treason"),
    "records list": (LIBRARIES, 1.5, 0, "id\ttime\tstatus\trevision\tcarriers\theadline\turi"),
    "db current": (LIBRARIES, 1.5, 0, None),
    "health": (LIBRARIES, 1.5, 2, "ingestd: cannot connect to unix:"),
    "config show": (LIBRARIES, 1.5, 0, "setting\tvalue\tfrom"),
}


def run(arguments: list[str]) -> tuple[float, int, str]:
    """Return seconds of CPU of a process (user and system), its exit status, and all that it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.returncode, done.stdout


def measure(rounds: int, config: Path) -> dict[str, float]:
    """Return the median CPU of each command and of what they are compared with; checks what each printed."""
    command_lines = {
        PYTHON: [sys.executable, "-c", "pass"],
        LIBRARIES: [sys.executable, "-c", LIBRARIES.split("'")[1]],
        "--help": [str(PROGRAM), "--help"],
        **{name: [str(PROGRAM), *name.split(), "--config", str(config)] for name in COMMANDS if name != "--help"},
    }
    found: dict[str, list[float]] = {name: [] for name in command_lines}
    for number in range(rounds + 1):
        for name, arguments in command_lines.items():
            cpu, status, printed = run(arguments)
            _, _, expected, start = COMMANDS.get(name, ("", 0, 0, ""))
            assert status == expected, f"{name}: exit status {status}: {printed}"
            assert start is None or printed.startswith(start), f"{name}: {printed}"
            if number:  # the first round writes the bytecode caches and reads all files into memory
                found[name].append(cpu)
    return {name: statistics.median(values) for name, values in found.items()}


def main(rounds: int = 15) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "ingestd.toml"
        config.write_text(f"state_dir = '{folder}'\nlisten = 'unix:{folder}/none'\n")
        assert run([str(PROGRAM), "db", "upgrade", "--config", str(config)])[1] == 0
        cpu = measure(rounds, config)
    for name, (reference, limit, _, _) in COMMANDS.items():
        print_json(command=name, cpu_seconds=cpu[name], times=cpu[name] / cpu[reference], limit=limit, of=reference)
    for name, (reference, limit, _, _) in COMMANDS.items():
        assert cpu[name] <= limit * cpu[reference], f"{name} takes {cpu[name] / cpu[reference]:.2f} times {reference}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))

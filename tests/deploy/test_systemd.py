"""The units: what they promise, and what systemd's own tools say of them where they are installed."""

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from ingestd.settings import Settings
from ingestd.units import parse_duration

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNITS = ("ingestd.service", "ingestd-backfill@.service")

#: systemd-analyze where there is one; a machine without systemd has no use for the units.
ANALYZE = shutil.which("systemd-analyze")

#: What keeps a stranger's page, should it ever take over a worker, from the rest of the host.
SANDBOX = """
    CapabilityBoundingSet= DynamicUser=yes LockPersonality=yes MemoryDenyWriteExecute=yes NoNewPrivileges=yes
    PrivateDevices=yes PrivateTmp=yes PrivateUsers=yes ProcSubset=pid ProtectClock=yes ProtectControlGroups=yes
    ProtectHome=yes ProtectHostname=yes ProtectKernelLogs=yes ProtectKernelModules=yes ProtectKernelTunables=yes
    ProtectProc=invisible ProtectSystem=strict RestrictNamespaces=yes RestrictRealtime=yes RestrictSUIDSGID=yes
    SystemCallArchitectures=native
""".split()


def lines(unit: str) -> list[str]:
    return (FOLDER / unit).read_text().splitlines()


def value(unit: str, key: str) -> str:
    parser = ConfigParser(strict=False, interpolation=None, delimiters="=", comment_prefixes="#")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((FOLDER / unit).read_text())
    return parser["Service"][key]


def installed(unit: str, folder: Path) -> Path:
    """A copy of a unit whose program exists on this machine."""
    program = Path(sys.executable).parent / "ingestd"
    name = unit.replace("@.", "@one.")
    text = (FOLDER / unit).read_text().replace("/opt/ingestd/bin/ingestd", str(program))
    copy = folder / name
    # The documentation is where the operator puts it.
    copy.write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
    return copy


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_a_sandbox(unit: str) -> None:
    assert set(SANDBOX) <= set(lines(unit))


@pytest.mark.parametrize("unit", UNITS)
def test_both_units_share_user_state_and_secrets(unit: str) -> None:
    shared = {"User=ingestd", "StateDirectory=ingestd", "LoadCredential=database_url:ingestd.database_url"}

    assert shared <= set(lines(unit))
    admin = (FOLDER / "ingestd-admin").read_text()
    assert all(f"--property={line}" in admin for line in shared)


def test_the_daemon_has_longer_to_stop_than_it_takes() -> None:
    assert parse_duration(value("ingestd.service", "TimeoutStopSec")) > Settings().stop_timeout + 10


def test_a_backfill_has_time_for_the_request_and_the_page_at_work() -> None:
    settings = Settings()
    longest = settings.fetch_timeout + settings.extract_timeout

    assert parse_duration(value("ingestd-backfill@.service", "TimeoutStopSec")) > longest


def test_a_worker_that_runs_out_of_memory_does_not_stop_the_service() -> None:
    assert value("ingestd.service", "OOMPolicy") == "continue"


@pytest.mark.parametrize("unit", UNITS if ANALYZE else ())
def test_systemd_finds_nothing_wrong(unit: str, tmp_path: Path) -> None:
    assert ANALYZE
    done = subprocess.run(
        [ANALYZE, "verify", "--man=no", installed(unit, tmp_path)], capture_output=True, text=True, check=False
    )

    ours = [line for line in done.stderr.splitlines() if "ingestd" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", UNITS if ANALYZE else ())
def test_a_unit_is_hardly_exposed(unit: str, tmp_path: Path) -> None:
    assert ANALYZE
    done = subprocess.run(
        [ANALYZE, "security", "--offline=true", "--no-pager", installed(unit, tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    exposure = re.search(r"exposure level for .*: ([\d.]+)", done.stdout)
    assert exposure, done.stderr
    assert float(exposure[1]) <= 1.5

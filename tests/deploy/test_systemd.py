"""The systemd units: their directives, and the verdict of systemd's own tools where these are installed."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingestd.cli.commands import COMMANDS
from ingestd.settings import Settings
from ingestd.store.schema.migrate import PATIENCE
from ingestd.units import parse_duration

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
DAEMON, BACKFILL = "ingestd.service", "ingestd-backfill@.service"
UNITS = (DAEMON, BACKFILL)

#: Where the units expect the environment that pip installed ingestd into.
PROGRAM = "/opt/ingestd/bin/ingestd"

#: systemd-analyze where there is one; a machine without systemd has no use for the units.
ANALYZE = shutil.which("systemd-analyze")

#: What keeps a stranger's page, should it ever take over a worker, from the rest of the host.
SANDBOX = """
    AmbientCapabilities= CapabilityBoundingSet= DevicePolicy=closed DynamicUser=yes KeyringMode=private LimitCORE=0
    LockPersonality=yes MemoryDenyWriteExecute=yes NoNewPrivileges=yes PrivateDevices=yes PrivateIPC=yes
    PrivateMounts=yes PrivateTmp=yes PrivateUsers=yes ProcSubset=pid ProtectClock=yes ProtectControlGroups=yes
    ProtectHome=yes ProtectHostname=yes ProtectKernelLogs=yes ProtectKernelModules=yes ProtectKernelTunables=yes
    ProtectProc=invisible ProtectSystem=strict RemoveIPC=yes RestrictNamespaces=yes RestrictRealtime=yes
    RestrictSUIDSGID=yes StateDirectoryMode=0700 SystemCallArchitectures=native SystemCallErrorNumber=EPERM UMask=0077
""".split()

#: What the daemon and its workers do that the sandbox must let through.
NEEDED = {
    "AF_INET": "the sites", "AF_INET6": "the sites", "AF_UNIX": "forkserver, sd_notify, a local PostgreSQL",
    "setpriority": "os.nice in a worker", "prlimit64": "resource.setrlimit in a worker",
}  # fmt: skip


def directives(unit: str, section: str) -> list[str]:
    """Return the lines of a section, without comments."""
    text = (FOLDER / unit).read_text()
    found = re.search(rf"^\[{section}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{unit} has no [{section}]"
    return [line for line in found[1].splitlines() if line and not line.startswith("#")]


def value(unit: str, key: str, section: str = "Service") -> str:
    """Return the value of a directive that occurs once."""
    [only] = [line.partition("=")[2] for line in directives(unit, section) if line.startswith(f"{key}=")]
    return only


def sandbox(unit: str) -> list[str]:
    """Return the directives from the user on, which both units share."""
    lines = directives(unit, "Service")
    return lines[lines.index("DynamicUser=yes") :]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_a_sandbox(unit: str) -> None:
    assert [line for line in SANDBOX if line not in directives(unit, "Service")] == []


@pytest.mark.parametrize("unit", UNITS)
def test_the_sandbox_allows_what_the_program_needs(unit: str) -> None:
    lists = [line.partition("=")[2] for line in sandbox(unit) if line.startswith(("RestrictAddressF", "SystemCallF"))]

    # The last list wins: it allows calls that an earlier list denied.
    assert set(NEEDED) <= set(" ".join((lists[0], lists[-1])).split())


def test_both_units_are_in_the_same_sandbox() -> None:
    assert sandbox(DAEMON) == sandbox(BACKFILL)


def test_every_secret_is_an_optional_credential() -> None:
    loaded = [line.partition("=")[2] for line in sandbox(DAEMON) if line.startswith("LoadCredential=")]

    # A name without a slash is looked up in the credential stores and is optional (LoadCredential= in systemd.exec(5)).
    assert loaded == [
        f"{name}:ingestd.{name}" for name in ("database_url", "logins", "archive_keys", "api_token", "inbox_token")
    ]  # fmt: skip
    assert {line.partition(":")[0] for line in loaded} <= Settings.model_fields.keys()


def test_the_admin_command_has_the_user_the_state_and_the_secrets_of_the_service() -> None:
    properties = re.findall(r"--property=(\S+)", (FOLDER / "ingestd-admin").read_text())

    assert {line.partition("=")[0] for line in properties} >= {"User", "StateDirectory", "LoadCredential"}
    assert set(properties) <= set(sandbox(DAEMON))
    assert {line for line in sandbox(DAEMON) if line.startswith("LoadCredential=")} <= set(properties)


def test_the_daemon_notifies_systemd() -> None:
    assert value(DAEMON, "Type") == "notify"
    assert value(DAEMON, "NotifyAccess") == "main"
    assert value(DAEMON, "ExecReload") == "kill -HUP $MAINPID"
    assert parse_duration(value(DAEMON, "WatchdogSec")) >= 30


def test_the_daemon_is_always_restarted_except_after_an_invalid_setting() -> None:
    assert value(DAEMON, "Restart") == "on-failure"
    assert value(DAEMON, "StartLimitIntervalSec", "Unit") == "0"
    assert parse_duration(value(DAEMON, "RestartSec")) >= 5
    assert value(DAEMON, "RestartPreventExitStatus") == "2"  # as cli.app ends for a ConfigError


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_waits_for_the_network_and_for_a_local_postgresql(unit: str) -> None:
    assert {"network-online.target", "postgresql.service"} <= set(value(unit, "After", "Unit").split())
    assert value(unit, "Wants", "Unit") == "network-online.target"


@pytest.mark.parametrize("unit", UNITS)
def test_a_signal_reaches_the_program_and_not_its_workers(unit: str) -> None:
    assert value(unit, "KillMode") == "mixed"


def test_the_unit_stop_timeout_is_longer_than_the_daemons() -> None:
    assert parse_duration(value(DAEMON, "TimeoutStopSec")) > Settings().stop_timeout + 10


def test_a_stopped_backfill_has_time_for_a_request_and_an_extraction() -> None:
    settings = Settings()
    longest = settings.fetch_timeout + settings.extract_timeout

    assert parse_duration(value(BACKFILL, "TimeoutStopSec")) > longest


@pytest.mark.parametrize("unit", UNITS)
def test_a_worker_that_runs_out_of_memory_does_not_stop_the_service(unit: str) -> None:
    assert value(unit, "OOMPolicy") == "continue"


def test_the_first_start_after_an_upgrade_of_the_program_upgrades_the_database() -> None:
    assert value(DAEMON, "ExecStartPre") == f"-{PROGRAM} db upgrade"
    assert parse_duration(value(DAEMON, "TimeoutStartSec")) > PATIENCE  # of an upgrade that waits for locks


@pytest.mark.parametrize("unit", UNITS)
def test_the_command_of_a_unit_exists(unit: str) -> None:
    program, name, *_ = shlex.split(value(unit, "ExecStart"))

    assert program == PROGRAM
    assert name in {command.name for command in COMMANDS}


if ANALYZE:  # optional: the tests above do not need systemd-analyze

    @pytest.fixture
    def installed(tmp_path: Path) -> Path:
        """A folder with the units, with a program path that exists on this machine."""
        for unit in UNITS:
            text = (FOLDER / unit).read_text().replace(PROGRAM, f"{Path(sys.executable).parent}/ingestd")
            (tmp_path / unit.replace("@.", "@one.")).write_text(text)
        return tmp_path

    def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        assert ANALYZE
        return subprocess.run([ANALYZE, *arguments], capture_output=True, text=True, check=False)

    @pytest.mark.parametrize("unit", UNITS)
    def test_systemd_verifies_the_unit(unit: str, installed: Path) -> None:
        done = analyze("verify", "--man=no", installed / unit.replace("@.", "@one."))

        # Errors in other units of this machine do not count.
        ours = [line for line in done.stderr.splitlines() if "ingestd" in line]
        assert (done.returncode, ours) == (0, [])

    @pytest.mark.parametrize("unit", UNITS)
    def test_the_exposure_level_of_a_unit_is_low(unit: str, installed: Path) -> None:
        done = analyze("security", "--offline=true", "--no-pager", installed / unit.replace("@.", "@one."))

        exposure = re.search(r"exposure level for .*: ([\d.]+)", done.stdout)
        assert exposure, done.stderr
        assert float(exposure[1]) <= 1.5

import json
import subprocess
import sys
from pathlib import Path


def ingestd(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in an environment of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ingestd", *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_show_prints_every_setting_and_its_origin(tmp_path: Path) -> None:
    file = tmp_path / "ingestd.toml"
    file.write_text('interval = "30m"')

    done = ingestd("config", "show", "--config", str(file), INGESTD_ALLOW_NETWORKS="10.0.0.0/8,127.0.0.0/8")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "setting\tvalue\tfrom"
    assert f"interval\t30m\t{file}" in lines
    assert "allow_networks\t10.0.0.0/8,127.0.0.0/8\tenvironment" in lines
    assert "fetch_timeout\t1m\tdefault" in lines


def test_show_prints_json_without_secrets() -> None:
    done = ingestd("config", "show", "--json", INGESTD_DATABASE_URL="postgresql://ingestd:secret@db.example/news")

    shown = json.loads(done.stdout)
    assert shown["database_url"] == {"value": "postgresql://db.example/news", "from": "environment"}
    assert shown["max_polls"] == {"value": 64, "from": "default"}
    assert "secret" not in done.stdout + done.stderr


LOGINS = "https://wire.example basic desk secret\nhttp://paper.example query key secret\nhttp://127.0.0.1 bearer secret"


def test_show_prints_logins_without_secrets() -> None:
    table, listed = (
        ingestd("config", "show", INGESTD_LOGINS=LOGINS),
        ingestd("config", "show", "--json", INGESTD_LOGINS=LOGINS),
    )

    shown = ["https://wire.example basic", "http://paper.example query key", "http://127.0.0.1 bearer"]
    assert f"logins\t{','.join(shown)}\tenvironment" in table.stdout.splitlines()
    assert json.loads(listed.stdout)["logins"] == {"value": shown, "from": "environment"}
    assert "secret" not in table.stdout + table.stderr + listed.stdout + listed.stderr


def test_check_warns_of_a_login_without_tls() -> None:
    done = ingestd("config", "check", INGESTD_LOGINS=LOGINS)

    assert (done.returncode, done.stdout) == (0, "defaults: ok\n")
    assert done.stderr == (
        "warning: http://paper.example: this login is sent without TLS, where others can read it\n"
    )


def test_check_reports_a_wrong_login_by_line_number_without_its_secret() -> None:
    done = ingestd("config", "check", INGESTD_LOGINS=f"{LOGINS}\nhttps://x.example/path bearer secret")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "ingestd: logins (environment): line 4: the origin should be https://HOST or https://HOST:PORT "
        "(or ftp, ftps, sftp), without user, path and query\n"
    )


def test_check_of_a_valid_file_succeeds(tmp_path: Path) -> None:
    file = tmp_path / "good.toml"
    file.write_text('contact = "desk@news.example"')

    done = ingestd("config", "check", str(file))

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{file}: ok\n", "")


def test_check_of_an_invalid_file_prints_every_fault_on_a_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('intervall = 3\ninterval = "3x"')

    done = ingestd("config", "check", "--config", str(file))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"ingestd: unknown setting 'intervall' in {file}: did you mean 'interval'?",
        f"ingestd: interval ({file}): '3x' is not a duration; write it like 90, 30s, 15m, 1h30m or 2d",
    ]


def test_check_without_a_file_checks_the_settings_in_effect() -> None:
    assert ingestd("config", "check").stdout == "defaults: ok\n"
    assert ingestd("config", "check", INGESTD_CONFIG="/nonexistent/ingestd.toml").returncode == 2

from pathlib import Path

from tests.cli.config.running import LOGINS, ingestd


def test_check_warns_of_a_login_without_tls() -> None:
    done = ingestd("config", "check", INGESTD_LOGINS=LOGINS)

    assert (done.returncode, done.stdout) == (0, "defaults: ok\n")
    assert done.stderr == ("warning: http://paper.example: this login is sent without TLS, where others can read it\n")


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


def test_check_refuses_what_run_would_refuse() -> None:
    open_to_all = ingestd("config", "check", INGESTD_LISTEN="0.0.0.0:8790")
    with_token = ingestd("config", "check", INGESTD_LISTEN="0.0.0.0:8790", INGESTD_API_TOKEN="a-token-of-some-length")
    meant = ingestd("config", "check", INGESTD_LISTEN="0.0.0.0:8790", INGESTD_LISTEN_OPEN="true")

    assert (open_to_all.returncode, open_to_all.stdout) == (2, "")
    assert "other hosts can reach 0.0.0.0:8790, and api_token is not set" in open_to_all.stderr
    assert (with_token.returncode, meant.returncode) == (0, 0)

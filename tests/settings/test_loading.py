from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from ingestd.errors import ConfigError
from ingestd.settings import Settings, find_config, load, origins

File = Callable[[str], Path]

KNOWN_HOST = "[wire.example]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "credentials"
    directory.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(directory))
    return directory


def test_without_configuration_every_setting_has_its_default() -> None:
    assert load().interval == 4800
    assert set(origins().values()) == {"default"}


def test_the_environment_overrides_credentials_which_override_the_file(
    file: File, credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file('contact = "file@news.example"\nattempts = 2\nmax_polls = 3')
    (credentials / "contact").write_text("credential@news.example\n")
    (credentials / "attempts").write_text("7")
    monkeypatch.setenv("INGESTD_CONTACT", "environment@news.example")

    settings, found = load(path), origins(path)

    assert (settings.contact, settings.attempts, settings.max_polls) == ("environment@news.example", 7, 3)
    assert (found["contact"], found["attempts"], found["max_polls"], found["max_pages"]) == (
        "environment", "credentials", str(path), "default"
    )  # fmt: skip


def test_a_password_can_be_a_credential(credentials: Path) -> None:
    (credentials / "database_url").write_text("postgresql://ingestd:secret@db.example/news\n")
    (credentials / "tls.key").write_text("somebody else's")

    assert load().async_database_url == "postgresql+psycopg://ingestd:secret@db.example/news"


def test_an_unreadable_credential_is_an_error(credentials: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("sqlite:///x.db")
    (credentials / "database_url").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigError, match=r"cannot read the credentials: .*database_url"):
        load()


def test_a_missing_credentials_directory_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "gone"))

    assert load().interval == 4800


@pytest.mark.parametrize("text", ["127.0.0.0/8,10.0.0.0/8", '["127.0.0.0/8", "10.0.0.0/8"]'])
def test_lists_in_the_environment_are_separated_by_commas_or_json(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGESTD_ALLOW_NETWORKS", text)

    assert load().allow_networks == (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))


def test_every_setting_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = load(None)
    given = {
        "contact": "desk@news.example",
        "public_url": "https://news.example/in",
        "api_token": "a token long enough",
        "inbox_token": "another long enough",
        "ca_file": "/etc/ingestd/authorities.pem",
    }
    written = {**before.model_dump(mode="json"), **given}
    for key, value in written.items():
        monkeypatch.setenv(f"INGESTD_{key.upper()}", ",".join(value) if isinstance(value, list) else str(value))

    assert load() == Settings(**given)  # type: ignore[arg-type]


def test_an_empty_variable_counts_as_absent(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGESTD_INTERVAL", "")

    assert load(file('interval = "2h"')).interval == 7200


def test_the_file_is_given_named_by_a_variable_or_in_a_standard_place(
    file: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_config() is None

    in_its_place = tmp_path / "config" / "ingestd" / "ingestd.toml"
    in_its_place.parent.mkdir(parents=True)
    in_its_place.write_text("attempts = 1")
    assert load().attempts == 1

    monkeypatch.setenv("INGESTD_CONFIG", str(file("attempts = 2")))
    assert load().attempts == 2

    given = tmp_path / "given.toml"
    given.write_text("attempts = 3")
    assert load(given).attempts == 3


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("intervall = 3", "unknown setting 'intervall' in {path}: did you mean 'interval'?"),
        ("Interval = 3", "unknown setting 'Interval' in {path}: did you mean 'interval'?"),
        ("zzz = 3", "unknown setting 'zzz' in {path}; `ingestd config show` lists all settings"),
        ("[web]\ninterval = 3", "unknown setting 'web' in {path}; `ingestd config show` lists all settings"),
        ("interval = '3x'", "interval ({path}): '3x' is not a duration; write it like 90, 30s, 15m, 1h30m or 2d"),
        ("extractors = 0", "extractors ({path}): 0 should be greater than or equal to 1"),
        ("state_dir = 3", "state_dir ({path}): 3 should be a path"),
        ("interval = 30", "interval (30s) should not be below interval_floor (1m)"),
    ],
)
def test_a_fault_in_the_file_is_one_line(written: str, message: str, file: File) -> None:
    path = file(written)

    with pytest.raises(ConfigError) as caught:
        load(path)

    assert str(caught.value) == message.format(path=path)


def test_every_fault_is_reported_one_a_line(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGESTD_HOST_DELAI", "1s")
    monkeypatch.setenv("INGESTD_MAX_PAGES", "many")

    with pytest.raises(ConfigError) as caught:
        load(file("intervall = 3\nattempts = 0"))

    assert [line.partition(" (")[0].partition(" in ")[0] for line in str(caught.value).splitlines()] == [
        "unknown setting 'INGESTD_HOST_DELAI'", "unknown setting 'intervall'", "max_pages", "attempts"
    ]  # fmt: skip


def test_a_typo_in_the_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGESTD_INTERVALL", "3")

    with pytest.raises(ConfigError, match="'INGESTD_INTERVALL' in the environment: did you mean 'INGESTD_INTERVAL'"):
        load()


def test_variables_that_are_not_settings_are_ignored(monkeypatch: pytest.MonkeyPatch, file: File) -> None:
    monkeypatch.setenv("INGESTD_CONFIG", str(file("")))
    monkeypatch.setenv("INGESTD_TEST_DATABASE_URL", "postgresql://db.example/test")
    monkeypatch.setenv("INGESTD_CORPUS", "/srv/corpus")

    assert load().interval == 4800


def test_a_wrong_database_url_is_reported_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGESTD_DATABASE_URL", "mysql://ingestd:secret@db.example/news")

    with pytest.raises(ConfigError, match=r"database_url \(environment\): the URL should be sqlite") as caught:
        load()

    assert "secret" not in f"{caught.value} {caught.value.__cause__}"


def test_known_hosts_can_be_a_credential_in_the_format_of_openssh(credentials: Path) -> None:
    (credentials / "known_hosts").write_text(f"# scanned\n{KNOWN_HOST}\n\n@revoked * {KNOWN_HOST.partition(' ')[2]}\n")

    assert load().known_hosts == (KNOWN_HOST, f"@revoked * {KNOWN_HOST.partition(' ')[2]}")
    assert origins()["known_hosts"] == "credentials"


def test_a_private_key_is_named_by_credential_or_path(credentials: Path) -> None:
    lines = "sftp://wire.example key desk wire_key\nsftp://wire.example key intern /etc/wire_key\n"
    (credentials / "logins").write_text(lines)

    assert [login.value for login in load().logins] == [str(credentials / "wire_key"), "/etc/wire_key"]


def test_logins_can_be_a_credential_with_one_a_line(credentials: Path, file: File) -> None:
    (credentials / "logins").write_text("# the wire\nhttps://wire.example bearer a\n\nhttps://p.example query k b\n")

    settings = load(file("logins = ['https://elsewhere.example bearer c']"))

    assert [login.value for login in settings.logins] == ["Bearer a", "b"]
    assert origins()["logins"] == "credentials"


def test_an_empty_credential_has_no_logins(credentials: Path) -> None:
    (credentials / "logins").write_text("")

    assert load().logins == ()


@pytest.mark.parametrize(
    "written",
    ["logins = ['https://wire.example s3same']", "logins = {s3same = 's3same'}", "api_token = ['a long s3same']",
     "api_token = 1234567890123456"],
)  # fmt: skip
def test_a_wrong_secret_is_reported_without_its_value(file: File, written: str) -> None:
    with pytest.raises(ConfigError, match=r"(logins|api_token) \(.*\): ") as caught:
        load(file(written))

    assert "s3same" not in f"{caught.value} {caught.value.__cause__}"
    assert "123456" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"attempts = 2\ninterval = = 3", "is not valid TOML: .*line 2"),
        (b"attempts = 2\ncontact = '\xff'", "is not valid TOML: not UTF-8 .at line 2"),
        (b"attempts = 2\nattempts = 3", "is not valid TOML: "),
        (b"a = " + b"[" * 100_000, "is not valid TOML: "),
    ],
    ids=["damaged", "not UTF-8", "a key twice", "nested too deep"],
)
def test_invalid_toml_is_reported_with_its_place(written: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "ingestd.toml"
    path.write_bytes(written)

    with pytest.raises(ConfigError, match=reason) as caught:
        load(path)

    assert str(path) in str(caught.value)


def test_an_unreadable_file_is_reported_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*/gone\.toml: No such file or directory"):
        load(tmp_path / "gone.toml")

    monkeypatch.setenv("INGESTD_CONFIG", str(tmp_path))

    with pytest.raises(ConfigError, match="Is a directory"):
        load()

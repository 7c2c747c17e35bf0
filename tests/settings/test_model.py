from pathlib import Path

import pytest
from pydantic import ValidationError

from ingestd.settings import Listen, Settings


def test_default_paths_are_below_the_state_directory(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)

    assert settings.async_database_url == f"sqlite+aiosqlite:///{tmp_path}/ingestd.db"
    assert settings.archive == tmp_path / "archive"
    assert settings.listen == Listen(host="127.0.0.1", port=8790)
    assert (settings.interval, settings.interval_floor) == (4800, 60)
    assert 1 <= settings.extractors <= 4


def test_the_state_directory_is_that_of_systemd_or_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Settings().state_dir == tmp_path / "state" / "ingestd"

    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/ingestd:/var/lib/other")

    assert Settings().state_dir == Path("/var/lib/ingestd")


def test_settings_created_directly_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGESTD_INTERVAL", "2h")

    assert Settings().interval == 4800


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().interval = 3


def test_every_setting_is_described_in_sentences() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_settings_print_without_their_secrets() -> None:
    settings = Settings(
        database_url="postgresql://ingestd:secret@db.example/news",
        logins=["https://wire.example bearer secret", "https://paper.example query key secret"],
    )

    assert "secret" not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert "secret" in settings.async_database_url


def test_an_interval_below_the_floor_is_reported_with_both_values() -> None:
    with pytest.raises(ValidationError, match=r"interval \(30s\) should not be below interval_floor \(1m\)"):
        Settings(interval="30s")


@pytest.mark.parametrize(
    ("name", "value"),
    [("interval", 0), ("interval", "31d"), ("host_delay", -1), ("extractors", 0), ("max_body", 10), ("max_polls", 0),
     ("attempts", 0), ("host_concurrency", 0), ("fetch_timeout", "inf"), ("fetch_timeout", float("nan")),
     ("keep_polls", 1), ("log_level", "loud"), ("log_format", "xml")],
)  # fmt: skip
def test_every_setting_has_its_bounds(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize("text", ["off", "0", "0s"])
def test_revisits_can_be_off(text: str) -> None:
    settings = Settings(revisit_first=text)

    assert settings.revisit_first == 0
    assert settings.model_dump(mode="json")["revisit_first"] == "off"

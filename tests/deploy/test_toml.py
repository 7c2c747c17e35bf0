"""deploy/ingestd.toml shows every setting with the description and default of the model."""

import re
import tomllib
from pathlib import Path

import pytest

from ingestd.settings import Settings, load

FILE = Path(__file__).parents[2] / "deploy" / "ingestd.toml"

#: Settings without a default, or with one that depends on the machine.
EXAMPLES = {"api_token", "ca_file", "contact", "extractors", "inbox_token", "node", "public_url"}


def blocks() -> dict[str, tuple[str, str]]:
    """Return key → (the comment above it, its line without the comment sign), in the order of the file."""
    found = {}
    for block in FILE.read_text("utf-8").split("\n\n")[1:]:
        *comment, line = block.strip().splitlines()
        match = re.fullmatch(r"#((\w+) = .+)", line)
        assert match, f"no setting below the comment: {block}"
        found[match[2]] = (" ".join(text.removeprefix("# ") for text in comment), match[1])
    return found


@pytest.fixture(autouse=True)
def _as_the_unit_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/ingestd")


def test_it_has_every_setting_in_the_order_of_the_model_with_its_description() -> None:
    assert {key: comment for key, (comment, _) in blocks().items()} == {
        key: field.description for key, field in Settings.model_fields.items()
    }
    assert list(blocks()) == list(Settings.model_fields)


def test_every_setting_shows_its_default() -> None:
    written = tomllib.loads("\n".join(line for _, line in blocks().values()))
    defaults = Settings().model_dump(mode="json")

    assert {key: value for key, value in written.items() if key not in EXAMPLES} == {
        key: value for key, value in defaults.items() if key not in EXAMPLES
    }


def test_it_loads_with_all_settings_commented_out_and_with_all_in_effect(tmp_path: Path) -> None:
    in_effect = tmp_path / "ingestd.toml"
    in_effect.write_text("\n".join(line for _, line in blocks().values()))

    assert load(FILE) == Settings()
    assert load(in_effect) == Settings(
        api_token="at least sixteen characters",
        ca_file="/etc/ingestd/authorities.pem",
        contact="https://example.org/about-our-bot",
        extractors=4,
        inbox_token="at least sixteen characters",
        node="fra1",
        public_url="https://news.example.org/ingestd",
    )

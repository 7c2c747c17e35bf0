"""`ingestd tokens`: secrets are printed once, and mistakes are one line."""

from pathlib import Path

import pytest

from tests.cli.running import ingestd


def test_a_token_is_added_listed_and_revoked(either: Path) -> None:
    added = ingestd(either, "tokens", "add", "reader", "--role", "read", "--filter", "language:de", "--expires", "90d")
    listed = ingestd(either, "tokens", "list", "--json")
    revoked = ingestd(either, "tokens", "revoke", "reader")

    [row] = listed.json
    assert added.out.startswith("ingestd_")
    assert len(added.out.splitlines()) == 1
    assert added.out.strip() not in listed.out
    assert (row["name"], row["role"], row["filter"], row["expired"]) == ("reader", "read", "language:de", False)
    assert revoked.out == "token reader: revoked\n"
    assert ingestd(either, "tokens", "list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["reader", "--role", "owner"], "--role: 'owner' should be one of read, operate, admin", id="role"),
        pytest.param(["Reader!", "--role", "read"], "is no name of a token", id="name"),
        pytest.param(["reader", "--role", "read", "--expires", "soon"], "--expires: 'soon' is not a time", id="time"),
        pytest.param(["reader", "--role", "read", "--expires", "2020-01-01"], "have expired already", id="past"),
        pytest.param(["reader", "--role", "read", "--filter", "colour:red"], "colour", id="filter"),
    ],
)
def test_a_value_that_is_not_valid_adds_nothing(config: Path, arguments: list[str], message: str) -> None:
    done = ingestd(config, "tokens", "add", *arguments)

    assert (done.status, len(done.error.splitlines())) == (2, 1)
    assert message in done.error
    assert ingestd(config, "sources", "add", "inbox:wire").status == 0
    assert ingestd(config, "tokens", "list", "--json").json == []

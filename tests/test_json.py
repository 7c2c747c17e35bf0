import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest

from ingestd.json import as_dict, to_json
from tests.renderers.messages import EVENT, RECORD


@dataclass(frozen=True)
class Inner:
    name: str
    pairs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Outer:
    at: datetime
    one: Inner
    many: tuple[Inner, ...] = ()
    by_name: Mapping[str, Inner] = field(default_factory=dict)
    some: list[Any] = field(default_factory=list)


AT = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
NESTED = Outer(AT, Inner("a", (("b", 1),)), (Inner("c"),), {"d": Inner("e")}, [Inner("f"), 1.5, None, True, {"g": ()}])


@pytest.mark.parametrize("value", [NESTED, Outer(AT, Inner("")), EVENT, RECORD], ids=lambda one: type(one).__name__)
def test_a_dataclass_is_the_dict_that_the_standard_library_makes(value: Any) -> None:
    assert repr(as_dict(value)) == repr(asdict(value))


def test_fields_that_are_asked_for_keep_the_order_asked_for() -> None:
    assert list(as_dict(NESTED, ("many", "at")).items()) == [("many", ({"name": "c", "pairs": ()},)), ("at", AT)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            Outer(AT, Inner("a")), asdict(Outer(AT, Inner("a"))) | {"at": "2026-11-28T09:30:00Z"}, id="object"
        ),
        pytest.param(AT.astimezone(timezone(timedelta(hours=2))), "2026-11-28T09:30:00Z", id="time in UTC"),
        pytest.param(MappingProxyType({"a": 1}), {"a": 1}, id="mapping"),
        pytest.param({"b", "a"}, ["a", "b"], id="set"),
        pytest.param("\x1b[2J\u202e \ud800", "\x1b[2J\u202e \ud800", id="hostile"),
        pytest.param("two\nlines\u00a0", "two\nlines\u00a0", id="not printable and harmless"),
    ],
)
def test_a_value_is_json_that_a_terminal_can_print(value: Any, expected: Any) -> None:
    for text in (to_json(value), to_json(value, indent=1)):
        assert json.loads(text) == json.loads(json.dumps(expected))
        assert not set(text) & {"\x1b", "\u202e", "\ud800"}

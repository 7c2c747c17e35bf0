import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.likeness.packed_sketch import pack, unpack
from ingestd.likeness.sketch import sketch
from tests.support.stories import report

BASE = 12345


def expect_same(text: str) -> None:
    made = sketch(text, BASE)
    again = unpack(pack(made))

    for name in made.__dataclass_fields__:
        one, other = getattr(made, name), getattr(again, name)
        assert np.array_equal(one, other), name
        assert not isinstance(one, np.ndarray) or one.dtype == other.dtype, name


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" ... ", id="no-token"),
        pytest.param("Rain fell on 1,200 roofs.", id="short"),
        pytest.param(report(1), id="long"),
        pytest.param("東京で昨日、市長は新しい橋の計画を発表した。" * 9, id="by-character"),
        pytest.param("half \ud800 of a pair", id="lone-surrogate"),
    ],
)
def test_a_packed_sketch_is_the_same_again(text: str) -> None:
    expect_same(text)


@given(st.text())
def test_any_packed_sketch_is_the_same_again(text: str) -> None:
    expect_same(text)

import pytest

from ingestd.model.page import Page
from ingestd.workers import frames


@pytest.mark.parametrize(
    "value", [None, b"", b"x" * 100_000, ("a", {"b": 1}), Page(url="https://paper.example/1", body=b"<p>")], ids=type
)
def test_a_value_survives_packing_and_unpacking(value: object) -> None:
    frame = frames.pack(value)
    header, body = frame[: frames.HEADER.size], frame[frames.HEADER.size :]

    assert frames.length(header) == len(body)
    assert frames.unpack(body) == value


def test_a_value_that_cannot_be_pickled_is_refused() -> None:
    with pytest.raises((AttributeError, TypeError, ValueError)):
        frames.pack(lambda: None)

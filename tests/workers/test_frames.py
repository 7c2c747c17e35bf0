import pytest

from ingestd.model.page import Page
from ingestd.workers import frames


@pytest.mark.parametrize(
    "value", [None, b"", b"x" * 100_000, ("a", {"b": 1}), Page(url="https://paper.example/1", body=b"<p>")], ids=type
)
def test_a_value_comes_out_of_its_frame_as_it_went_in(value: object) -> None:
    frame = frames.pack(value)
    header, body = frame[: frames.HEADER.size], frame[frames.HEADER.size :]

    assert frames.length(header) == len(body)
    assert frames.unpack(body) == value


def test_a_value_that_does_not_pickle_makes_no_frame() -> None:
    with pytest.raises((AttributeError, TypeError, ValueError)):
        frames.pack(lambda: None)

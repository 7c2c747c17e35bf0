import time

import pytest

from ingestd.web.link_header import find_link

BASE = "https://paper.example/feeds/news"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], None),
        (['<https://hub.example/>; rel="hub"'], "https://hub.example/"),
        (["<https://hub.example/>;rel=hub"], "https://hub.example/"),
        (['</hub>; title="a, b"; rel="self HUB"'], "https://paper.example/hub"),
        (['<https://a.example/>; rel="self", <https://hub.example/>; rel="hub"'], "https://hub.example/"),
        (['<https://a.example/>; rel="self"', '<https://hub.example/>; rel="hub"'], "https://hub.example/"),
        (["<http://[::1>; rel=hub, <https://hub.example/>; rel=hub"], "https://hub.example/"),
        (["<https://hub.example/>; rel=github"], None),
        (["nonsense"], None),
    ],
)
def test_the_first_link_with_the_relation_is_found(headers: list[str], found: str | None) -> None:
    assert find_link(headers, "hub", BASE) == found


def test_a_hostile_header_is_searched_in_linear_time() -> None:
    started = time.process_time()

    assert find_link(["<a>" + ";a" * 50_000], "hub", BASE) is None
    assert find_link(["<" * 50_000], "hub", BASE) is None

    assert time.process_time() - started < 5


def test_a_link_with_a_raw_byte_is_left_out() -> None:
    assert find_link(["<https://hub.example/\udce9>; rel=hub, </b>; rel=hub"], "hub", "https://a.example/") == (
        "https://a.example/b"
    )

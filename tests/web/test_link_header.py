import time

import pytest

from ingestd.web.link_header import related

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
def test_the_first_link_of_a_relation(headers: list[str], found: str | None) -> None:
    assert related(headers, "hub", BASE) == found


def test_a_header_that_is_made_to_take_long_does_not() -> None:
    begun = time.process_time()

    assert related(["<a>" + ";a" * 50_000], "hub", BASE) is None
    assert related(["<" * 50_000], "hub", BASE) is None

    assert time.process_time() - begun < 5

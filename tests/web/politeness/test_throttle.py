"""Refusals that mean "too many requests"."""

import pytest

from ingestd.errors import Refused, Throttled
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.throttle import BURST, DEFAULT_HOLD
from tests.support.newsroom import Newsroom


@pytest.mark.parametrize(
    ("status", "headers", "held"),
    [
        (429, {"Retry_After": "120"}, 120.0),
        (429, {}, DEFAULT_HOLD),
        (429, {"Retry_After": "soon"}, DEFAULT_HOLD),
        (503, {"Retry_After": "90"}, 90.0),
        (429, {"Retry_After": "9" * 1000}, 86_400.0),
    ],
)
async def test_a_throttling_answer_holds_the_whole_site(
    newsroom: Newsroom, fetcher: Fetcher, status: int, headers: dict[str, str], held: float
) -> None:
    with pytest.raises(Throttled):
        await fetcher.get(newsroom.publish("/feed", status=status, **headers))

    assert held - 5 < fetcher.held_for("127.0.0.1") <= held


@pytest.mark.parametrize(("status", "before"), [(503, 0), (403, 0), (403, BURST - 2), (404, BURST)])
async def test_other_refusals_do_not_hold_the_site(
    newsroom: Newsroom, fetcher: Fetcher, status: int, before: int
) -> None:
    url = newsroom.publish("/page", body=b"x")
    for _ in range(before):
        await fetcher.get(url)

    with pytest.raises(Refused) as refused:
        await fetcher.get(newsroom.publish("/feed", status=status))

    assert not isinstance(refused.value, Throttled)
    assert fetcher.held_for("127.0.0.1") == 0


async def test_a_403_after_a_burst_holds_the_site(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/page", body=b"x")
    for _ in range(BURST):
        await fetcher.get(url)

    with pytest.raises(Throttled):
        await fetcher.get(newsroom.publish("/feed", status=403))

    assert fetcher.held_for("127.0.0.1") > DEFAULT_HOLD - 5

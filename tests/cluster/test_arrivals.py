"""The judge of arrivals sees each breach, and tells it from what a node cannot help."""

import json
from pathlib import Path

import pytest

from tests.cluster.arrivals import Fault, Request, Verdict, judge, orphans, read_log
from tests.cluster.sites import Refusal, Site

PLAIN = Site(number=1, address="127.77.1.1", most=1, period=1)
SLOW = Site(number=2, address="127.77.1.1", most=1, period=1, crawl_delay=5)
REFUSING = Site(number=3, address="127.77.1.1", most=1, period=1,
                refusal=Refusal(nth=1, status=429, retry_after=30, most=1))  # fmt: skip


def asked(at: float, node: str = "node-1", path: str = "/feed/0", took: float = 0.1, **more: float) -> Request:
    status = int(more.get("status", 200))
    return Request(at=at, address="127.77.1.1", path=path, node=node, ended=at + took, status=status,
                   retry_after=more.get("retry_after", 0.0))  # fmt: skip


def judged(*requests: Request, site: Site = PLAIN, faults: tuple[Fault, ...] = ()) -> Verdict:
    return judge(requests, [site], faults, delay=1.0)


def counts(verdict: Verdict) -> tuple[int, int, int, int]:
    return len(verdict.early), len(verdict.at_once), len(verdict.held), len(verdict.apart)


ROBOTS = asked(0.0, path="/robots.txt")
BUSY = asked(0.0, status=429, retry_after=30.0)
KILLED = Fault(kind="SIGKILL", node="node-1", began=0.5, ended=0.5)
STOPPED = Fault(kind="SIGSTOP", node="node-1", began=10.0, ended=70.0)


@pytest.mark.parametrize(
    ("requests", "site", "faults", "expected"),
    [
        pytest.param([asked(0), asked(1)], PLAIN, [], (0, 0, 0, 0), id="a delay apart"),
        pytest.param([asked(0), asked(0.9, "node-2")], PLAIN, [], (1, 0, 0, 0), id="too close"),
        pytest.param([asked(0, took=2), asked(1, "node-2")], PLAIN, [], (0, 1, 0, 0), id="at once"),
        pytest.param([ROBOTS, asked(1)], SLOW, [], (1, 0, 0, 0), id="a Crawl-delay that is known"),
        pytest.param([asked(0), asked(1)], SLOW, [], (0, 0, 0, 0), id="a Crawl-delay that nobody has read"),
        pytest.param([ROBOTS, asked(1, "node-2")], SLOW, [KILLED], (0, 0, 0, 0), id="one that only a dead node knows"),
        pytest.param([BUSY, asked(29, "node-2")], REFUSING, [], (0, 0, 1, 0), id="a hold"),
        pytest.param([BUSY, asked(31, "node-2")], REFUSING, [], (0, 0, 0, 0), id="a hold that has ended"),
        pytest.param(
            [asked(70, "node-2"), asked(70.2), asked(70.3)], PLAIN, [STOPPED], (1, 0, 0, 1),
            id="sent before the stop, and one more",
        ),
    ],
)  # fmt: skip
def test_breaches(
    requests: list[Request], site: Site, faults: list[Fault], expected: tuple[int, int, int, int]
) -> None:
    assert counts(judged(*requests, site=site, faults=tuple(faults))) == expected


def test_sites_do_not_count_together() -> None:
    other = Request(at=0.1, address="127.77.1.2", path="/feed/0", node="node-1", ended=0.2)
    elsewhere = Site(number=2, address="127.77.1.2", most=1, period=1)

    verdict = judge([asked(0), other], [PLAIN, elsewhere], (), delay=1.0)

    assert counts(verdict) == (0, 0, 0, 0)
    assert (verdict.requests, verdict.pairs) == (2, 0)


def test_orphans_are_asked_again_after_the_last_death() -> None:
    deaths = [Fault(kind="SIGKILL", node=node, began=at, ended=at) for node, at in (("node-1", 1.0), ("node-2", 5.0))]

    assert orphans([asked(0), asked(12, "node-3")], deaths) == [7.0]
    assert orphans([asked(0, "node-3"), asked(12, "node-3")], deaths) == []


def test_the_log_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "log"
    lines = [
        {"n": 1, "at": 2.0, "address": "127.77.1.1", "path": "/feed/0", "agent": "ingestd/1 (+https://node-2.example)"},
        {"n": 2, "at": 1.0, "address": "127.77.1.1", "path": "/feed/1", "agent": None},
        {"n": 1, "ended": 2.5, "status": 429, "retry_after": 30.0},
        {"published": [{"site": 1, "feed": 0, "items": 7}], "at": 3.0},
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))

    requests, published = read_log(file)

    assert [(one.node, one.at) for one in requests] == [("unknown", 1.0), ("node-2", 2.0)]
    assert (requests[1].ended, requests[1].status, requests[1].retry_after) == (2.5, 429, 30.0)
    assert published == {(1, 0): 7}

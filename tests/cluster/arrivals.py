"""Judge the manners of a cluster by the simulator's log of arrivals, and by nothing that the nodes say themselves."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.cluster.sites import Site

#: Seconds by which two requests may be closer than the delay: the second may have been faster on its way.
TOLERANCE = 0.005

#: Seconds for which a node may not know yet what the last answer said, when it is killed.
LEARNING = 1.0

#: Seconds after a node went on within which what it had sent before arrives.
LATE = 15.0

_NODE = re.compile(r"//(node-\d+)\.example")


@dataclass(slots=True, kw_only=True)
class Request:
    """One request as a site saw it; times are seconds of the monotonic clock."""

    at: float
    address: str
    path: str
    #: The node that sent it.
    node: str
    #: End of the answer, or of the connection; infinite while it lasts.
    ended: float = math.inf
    #: 0: not answered.
    status: int = 0
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What was done to a node, or to all (node ""), from when to when."""

    #: SIGKILL, SIGSTOP, cut, SIGTERM, join, or what was done to the database.
    kind: str
    node: str
    began: float
    ended: float


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What the log shows; each breach is a line that tells it."""

    requests: int = 0
    pairs: int = 0
    #: The second request of a pair came before the site's delay had passed.
    early: list[str] = field(default_factory=list)
    #: More requests at the same time than a site allows.
    at_once: list[str] = field(default_factory=list)
    #: Requests while a site had asked to be left alone.
    held: list[str] = field(default_factory=list)
    #: Breaches by a request that a node had sent when it was stopped or cut off.
    apart: list[str] = field(default_factory=list)
    #: Least time between two requests beyond the delay, in seconds.
    closest: float = math.inf

    @property
    def breaches(self) -> list[str]:
        """All breaches but those that are counted apart."""
        return [*self.early, *self.at_once, *self.held]


def read_log(file: Path) -> tuple[list[Request], dict[tuple[int, int], int]]:
    """Return the requests in the order of their arrival, and how many items each feed of each site has published."""
    requests: dict[int, Request] = {}
    published: dict[tuple[int, int], int] = {}
    for line in file.read_text().splitlines():
        found: dict[str, Any] = json.loads(line)
        if "published" in found:
            published = {(one["site"], one["feed"]): one["items"] for one in found["published"]}
        elif "at" in found:
            node = _NODE.search(found["agent"] or "")
            requests[found["n"]] = Request(
                at=found["at"], address=found["address"], path=found["path"], node=node[1] if node else "unknown"
            )
        else:
            request = requests[found["n"]]
            request.ended, request.status = found["ended"], found["status"]
            request.retry_after = found["retry_after"] or 0.0
    return sorted(requests.values(), key=lambda request: request.at), published


def judge(
    requests: Iterable[Request],
    sites: Sequence[Site],
    faults: Sequence[Fault],
    *,
    delay: float,
    concurrency: int = 1,
) -> Verdict:
    """Compare the requests of a cluster with what its sites ask for.

    `delay` and `concurrency` are the settings of all nodes: seconds between two requests to a site, and requests at the
    same time.  A Crawl-delay holds once a node that lives on has read it, and so does a Retry-After.
    """
    verdict = Verdict()
    by_address: dict[str, list[Request]] = {site.address: [] for site in sites}
    for request in requests:
        by_address[request.address].append(request)
    for site in sites:
        _judge_site(site, by_address[site.address], faults, verdict, delay=delay, concurrency=concurrency)
    return verdict


def _judge_site(
    site: Site, requests: list[Request], faults: Sequence[Fault], verdict: Verdict, *, delay: float, concurrency: int
) -> None:
    verdict.requests += len(requests)
    verdict.pairs += max(0, len(requests) - 1)
    for number, request in enumerate(requests):
        before = requests[:number]
        known = [one for one in before if one.ended <= request.at and _is_known(one, faults)]
        early, at_once, held = (
            (verdict.apart,) * 3
            if _was_sent_before(request, before, faults)
            else (verdict.early, verdict.at_once, verdict.held)
        )
        if before:
            asks = any(one.path == "/robots.txt" and one.status == 200 for one in known)
            needed = max(delay, site.crawl_delay if asks else 0.0)
            gap = request.at - before[-1].at
            if gap < needed - TOLERANCE:
                early.append(f"{gap:.3f} s instead of {needed:g}: {_told(before[-1])}, then {_told(request)}")
            else:
                verdict.closest = min(verdict.closest, gap - needed)
        under_way = [one for one in before if one.ended > request.at + TOLERANCE]
        if len(under_way) >= concurrency:
            at_once.append(f"{len(under_way) + 1} at once: {_told(under_way[-1])}, and {_told(request)}")
        for one in known:
            if one.retry_after and request.at < one.ended + one.retry_after - TOLERANCE:
                left = one.ended + one.retry_after - request.at
                held.append(f"{left:.1f} s before the hold ended: {_told(one)}, then {_told(request)}")


def _is_known(request: Request, faults: Sequence[Fault]) -> bool:
    """Return whether the node that got an answer has lived long enough to tell the others."""
    return not any(
        fault.node == request.node
        and fault.kind in ("SIGKILL", "SIGSTOP", "cut")
        and fault.began - LEARNING <= request.ended
        and fault.ended >= request.at
        for fault in faults
    )


def _was_sent_before(request: Request, before: Sequence[Request], faults: Sequence[Fault]) -> bool:
    """Return whether a request is the first at its site of a node that was stopped or cut off, just after that."""
    for fault in faults:
        if fault.kind not in ("SIGSTOP", "cut") or fault.node != request.node:
            continue
        if fault.began <= request.at <= fault.ended + LATE:
            return not any(one.node == request.node and one.at >= fault.began for one in before)
    return False


def _told(request: Request) -> str:
    status = f" ({request.status})" if request.status else ""
    return f"{request.node} {request.address}{request.path} at {request.at:.3f}{status}"


def orphans(requests: Sequence[Request], faults: Sequence[Fault]) -> list[float]:
    """Return for each site, after each death of the node that had asked it last, the seconds until it was asked again.

    A site that another death hit meanwhile counts from that one.
    """
    deaths = sorted((fault.began, fault.node) for fault in faults if fault.kind == "SIGKILL")
    by_address: dict[str, list[Request]] = {}
    for request in requests:
        by_address.setdefault(request.address, []).append(request)
    found = []
    for asked in by_address.values():
        for last, following in pairwise(asked):
            between = [began for began, node in deaths if last.at <= began < following.at]
            is_orphan = any(node == last.node and last.at <= began < following.at for began, node in deaths)
            if is_orphan:
                found.append(following.at - max(between))
    return found


def first_of(requests: Iterable[Request], node: str, since: float) -> float:
    """Return after how many seconds a node asked a site for the first time."""
    return min((request.at - since for request in requests if request.node == node and request.at >= since),
               default=math.inf)  # fmt: skip

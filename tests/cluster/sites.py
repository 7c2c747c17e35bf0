"""The sites of the simulator: what each asks for, what it publishes, and at which address of a network."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from xml.sax.saxutils import quoteattr

_WORDS = (
    "market river council train report minister harbour energy court school storm budget union player signal forest "
    "engine border health museum vote data price coast bridge film strike village company research winter police"
).split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A site refuses its n-th request, counted from 1 and from its last refusal, and asks to be left alone."""

    nth: int
    status: int
    retry_after: float
    #: Refusals in all.
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site: its address, its manners, and how it publishes."""

    number: int
    address: str
    #: Crawl-delay of its robots.txt in seconds; 0: it has none.
    crawl_delay: float = 0.0
    refusal: Refusal | None = None
    feeds: int = 1
    #: Items that each of its feeds publishes at most, the first at once, then one every `period` seconds.
    most: int
    period: float
    #: Whether entries carry their text, so that pages need not be fetched.
    has_text: bool = False
    #: Seconds for which an answer takes.
    latency: float = 0.02

    @property
    def longest_wait(self) -> float:
        """The longest time for which it wants to be left alone, in seconds."""
        return max(self.crawl_delay, self.refusal.retry_after if self.refusal else 0.0)

    def published(self, feed: int, seconds: float) -> int:
        """Return how many items a feed has published so many seconds after the start."""
        offset = (self.number * 37 + feed * 11) % 100 / 100 * self.period
        return min(self.most, 1 + int((seconds + offset) / self.period))

    def guids(self, feed: int, count: int) -> Sequence[str]:
        """Return the guids of a feed's first items."""
        return [f"tag:site-{self.number},2026:{feed}-{item}" for item in range(count)]

    def feed_document(self, feed: int, count: int, port: int) -> bytes:
        """Return a feed (Atom) with its first `count` items, the newest first."""
        base = f"http://{self.address}:{port}"
        entries = "".join(
            f"<entry><title>{self._title(feed, item)}</title><id>{guid}</id>"
            f"<link href={quoteattr(f'{base}/page/{feed}/{item}')}/>"
            f"<updated>2026-05-01T{item // 60 % 24:02}:{item % 60:02}:00Z</updated>{self._content(feed, item)}</entry>"
            for item, guid in reversed([*enumerate(self.guids(feed, count))])
        )
        return (
            f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Feed {feed} of '
            f"{self.number}</title><id>tag:site-{self.number},2026:{feed}</id><updated>2026-05-01T00:00:00Z</updated>"
            f"{entries}</feed>"
        ).encode()

    def page(self, feed: int, item: int) -> bytes:
        """Return the page of an item."""
        title = self._title(feed, item)
        return (
            f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title></head><body><article>"
            f"<h1>{title}</h1>{self._paragraphs(feed, item)}</article></body></html>"
        ).encode()

    def robots(self) -> bytes:
        """Return its robots.txt."""
        delay = f"Crawl-delay: {self.crawl_delay:g}\n" if self.crawl_delay else ""
        return f"User-agent: *\n{delay}Disallow: /private/\n".encode()

    def _content(self, feed: int, item: int) -> str:
        return f'<content type="html">{escape(self._paragraphs(feed, item))}</content>' if self.has_text else ""

    def _title(self, feed: int, item: int) -> str:
        words = random.Random(f"{self.number}/{feed}/{item}/title").choices(_WORDS, k=6)
        return f"{' '.join(words).capitalize()} {self.number} {feed} {item}"

    def _paragraphs(self, feed: int, item: int) -> str:
        draw = random.Random(f"{self.number}/{feed}/{item}")
        texts = (" ".join(draw.choices(_WORDS, k=60)).capitalize() for _ in range(4))
        return "".join(f"<p>{text}, says site {self.number} in item {feed} {item}.</p>" for text in texts)

    @classmethod
    def make(cls, number: int, network: str, *, most: int, period: float) -> "Site":
        """Return a site by its number: of each 20, some ask for manners of their own, and the others do not.

        `network` is the first two parts of its address.
        """
        # Each in a network of its own: sites of one that throttle are taken for one host, and share a budget.
        address, kind = f"{network}.{2 + number % 250}.{1 + number // 250}", number % 20
        site = cls(number=number, address=address, most=most, period=period)
        if kind < 3:
            return replace(site, crawl_delay=2)
        if kind < 5:
            return replace(site, crawl_delay=5, period=period * 2)
        if kind < 8:
            return _SLOW_KINDS[kind](site)
        if kind < 12:
            return replace(site, latency=0.3, feeds=3 if kind < 10 else 1, has_text=kind < 10)
        return replace(site, has_text=kind % 4 != 0)


_BUSY = Refusal(nth=6, status=429, retry_after=30, most=2)
_AWAY = Refusal(nth=3, status=503, retry_after=600, most=1)
_SLOW_KINDS: dict[int, Callable[[Site], Site]] = {
    5: lambda site: replace(site, crawl_delay=120, most=1),
    6: lambda site: replace(site, refusal=_BUSY, has_text=True),
    7: lambda site: replace(site, refusal=_AWAY, has_text=True, most=1),
}


def make_sites(count: int, network: str, *, most: int, period: float) -> list[Site]:
    """Return so many sites; `most` and `period` are those of a site that asks for nothing."""
    return [Site.make(number, network, most=most, period=period) for number in range(count)]

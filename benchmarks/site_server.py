"""Serve invented feeds with validators and realistic article pages on the loopback, in a separate process.

All content is generated from a seed before the first request and served from memory, so that only the client is
measured.
"""

import asyncio
import gzip
import hashlib
import multiprocessing
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from html import escape
from itertools import cycle, islice
from pathlib import Path

WORDS = (
    "market river council train report minister harbour energy court school storm budget union player signal forest "
    "engine border health museum vote data price coast bridge film strike village company research winter police "
    "science record season launch inquiry supply island ferry keeper orchard furnace lantern meadow quarry"
).split()
T0 = 1_700_000_000


@dataclass(frozen=True)
class Site:
    """The content to serve: numbers of feeds and entries, and how much of its article an entry has."""

    feeds: int
    entries: int
    #: Paragraphs of content in each entry; 0: none, the page must be fetched.
    paragraphs: int = 0
    seed: int = 7
    #: A directory of saved pages (.html or .html.gz) to serve instead of invented ones.
    saved: str = ""

    @property
    def pages(self) -> list[bytes]:
        """The article pages, by number."""
        count = self.feeds * self.entries
        if not self.saved:
            return [page(number, self.seed) for number in range(count)]
        files = sorted(path for path in Path(self.saved).iterdir() if path.name.endswith((".html", ".html.gz")))
        bodies = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files]
        return list(islice(cycle(bodies), count)) if len(bodies) < count else bodies[:: len(bodies) // count][:count]


def sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words)).capitalize() + "."


def paragraph(rng: random.Random) -> str:
    return " ".join(sentence(rng, rng.randint(8, 24)) for _ in range(rng.randint(2, 5)))


def page(number: int, seed: int = 7) -> bytes:
    """Return an article page: head, navigation, article, teasers, comments, scripts.

    Size (170 KB on average) and depth of nesting are those of real pages; as there, every other page states its time
    only in its text.  README.md compares the CPU times of the extractors on such pages.
    """
    rng = random.Random(f"{seed}/{number}")
    headline = sentence(rng, 9)[:-1] + f" {number}"
    when = f"2024-05-{number % 28 + 1:02}T{number % 24:02}:15:00+02:00"
    said = number % 2 == 0
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{headline} | The Wire</title>
{_head(rng, headline, when if said else None)}</head><body><div class="page">{_navigation(rng)}
<div class="consent"><p>We and our partners use cookies.</p><button>Accept</button></div>
<main><div class="layout"><div class="layout__main">{_article(rng, headline, when, said=said)}
{_comments(rng)}</div><div class="layout__side">{_teasers(rng)}</div></div></main>
{_navigation(rng)}<footer><p>© The Wire</p></footer></div></body></html>""".encode()


def _head(rng: random.Random, headline: str, when: str | None) -> str:
    script = "".join(f"q.push({{k:{rng.random()},v:'{rng.choice(WORDS)}'}});" for _ in range(rng.randint(600, 2400)))
    style = "".join(f".{rng.choice(WORDS)}-{n}{{margin:{n}px}}" for n in range(rng.randint(200, 900)))
    data = (
        f'<script type="application/ld+json">{{"@context":"https://schema.org","@type":"NewsArticle","headline":'
        f'"{headline}","datePublished":"{when}","author":{{"@type":"Person","name":"Ada Quill"}}}}</script>'
    )
    return (
        f'<meta property="og:title" content="{headline}"><meta property="og:site_name" content="The Wire">'
        f'<meta name="description" content="{sentence(rng, 20)}">{data if when else ""}'
        f"<style>{style}</style><script>var q=[];{script}</script>"
    )


def _navigation(rng: random.Random) -> str:
    items = "".join(
        f'<li class="nav__item"><div class="nav__box"><a class="nav__link" href="/section/{rng.choice(WORDS)}">'
        f"<span>{sentence(rng, 3)}</span></a></div></li>"
        for _ in range(rng.randint(60, 160))
    )
    return f'<header class="header"><nav><ul class="nav">{items}</ul></nav></header>'


def _article(rng: random.Random, headline: str, when: str, *, said: bool) -> str:
    body = "".join(
        f'<div class="block"><p class="text">{escape(paragraph(rng))} <a href="/t/{rng.choice(WORDS)}">'
        f"{rng.choice(WORDS)}</a> {sentence(rng, 9)}</p></div>\n"
        for _ in range(rng.randint(10, 40))
    )
    time = f'<time datetime="{when}">{when}</time>' if said else f'<span class="date">Posted {when[:10]}</span>'
    return (
        f'<article><h1>{headline}</h1><p class="dek">{sentence(rng, 14)}</p><p class="byline">By Ada Quill</p>{time}'
        f'<figure><img src="/lead.jpg"><figcaption>{sentence(rng, 10)}</figcaption></figure>{body}</article>'
    )


def _comments(rng: random.Random) -> str:
    return "".join(
        f'<div class="comment"><div class="comment__head"><span>{rng.choice(WORDS)}{n}</span> <span>{n + 1} hours ago'
        f'</span></div><div class="comment__text"><p>{sentence(rng, 20)}</p></div></div>'
        for n in range(rng.randint(0, 40))
    )


def _teasers(rng: random.Random) -> str:
    return "".join(
        f'<div class="card"><div class="card__media"><a href="/{rng.choice(WORDS)}-{n}"><picture><source srcset="/i/{n}'
        f'.webp"><img src="/i/{n}.jpg" alt=""></picture></a></div><div class="card__body"><div class="card__kicker">'
        f'<span>{rng.choice(WORDS)}</span></div><h3><a href="/{rng.choice(WORDS)}-{n}">{sentence(rng, 8)}</a></h3>'
        f'<p>{sentence(rng, 18)}</p><span class="card__time">{rng.randint(1, 28)} May 2024</span></div></div>'
        for n in range(rng.randint(40, 140))
    )


def feed(site: Site, base: str, number: int) -> bytes:
    rng = random.Random(f"{site.seed}/feed/{number}")
    items = []
    for entry in range(site.entries):
        link = f"{base}/a/{number * site.entries + entry}"
        content = "".join(f"<p>{paragraph(rng)}</p>" for _ in range(site.paragraphs))
        encoded = f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else ""
        items.append(
            f"<item><title>{sentence(rng, 9)}</title><link>{link}</link>"
            f"<guid isPermaLink='false'>tag:{number}:{entry}</guid><pubDate>{formatdate(T0 + entry * 600)}</pubDate>"
            f"<description>{sentence(rng, 25)}</description>{encoded}</item>"
        )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Feed {number}</title><link>{base}/</link><description>d</description>{''.join(items)}</channel></rss>"
    ).encode()


def _answer(body: bytes, content_type: str) -> tuple[bytes, bytes, bytes]:
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n".encode()
    return (
        etag,
        head + b"ETag: " + etag + b"\r\n\r\n" + body,
        b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\n\r\n",
    )


class _Protocol(asyncio.Protocol):
    def __init__(self, answers: dict[bytes, tuple[bytes, bytes, bytes]]) -> None:
        self.answers, self.buffer = answers, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            etag, whole, unchanged = self.answers[head.split(b" ", 2)[1]]
            self.transport.write(unchanged if b"If-None-Match: " + etag in head else whole)  # type: ignore[attr-defined]


def _serve(site: Site, pipe: "multiprocessing.connection.Connection") -> None:
    async def main() -> None:
        answers: dict[bytes, tuple[bytes, bytes, bytes]] = {}
        server = await asyncio.get_running_loop().create_server(
            lambda: _Protocol(answers), "127.0.0.1", 0, backlog=1024
        )
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for number in range(site.feeds):
            answers[f"/feed/{number}".encode()] = _answer(feed(site, base, number), "application/rss+xml")
        if not site.paragraphs:
            for number, body in enumerate(site.pages):
                answers[f"/a/{number}".encode()] = _answer(body, "text/html")
        pipe.send(base)
        await asyncio.get_running_loop().run_in_executor(None, pipe.poll, 3600)  # until the parent closes the pipe

    asyncio.run(main())


@contextmanager
def serve_site(site: Site) -> Iterator[str]:
    """Serve `site` in a child process; yields the base URL."""
    parent_end, child_end = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(site, child_end))
    process.start()
    try:
        yield parent_end.recv()
    finally:
        parent_end.send(None)
        process.join(10)
        process.kill()

"""Serve invented feeds and realistic article pages on the loopback as a publisher does, in a separate process.

There is a robots.txt; feeds and pages have an ETag and a Last-Modified, and a conditional request is answered with
304; every tenth page is linked by an address that redirects to it; all else is answered with 404.  The answers are
counted by kind, so that a benchmark can check what its programs asked for.  All content is generated from a seed before
the first request and served from memory, so that only the client is measured.
"""

import asyncio
import gzip
import hashlib
import json
import random
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from email.utils import formatdate
from html import escape
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

WORDS = (
    "market river council train report minister harbour energy court school storm budget union player signal forest "
    "engine border health museum vote data price coast bridge film strike village company research winter police "
    "science record season launch inquiry supply island ferry keeper orchard furnace lantern meadow quarry"
).split()
T0 = 1_700_000_000
ROBOTS = b"User-agent: *\nDisallow: /admin/\nDisallow: /search\n\nUser-agent: badbot\nDisallow: /\n"
#: One page in this many is linked by an address that redirects to it.
REDIRECTED = 10


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
    #: Entries that each feed has published since, which have pushed as many out of its window.
    published: int = 0
    #: Whether connections are kept open; otherwise each ends with its answer.
    keep_alive: bool = True
    #: A file with a certificate and its key: the site has https.
    certificate: str = ""
    #: Whether it answers requests for robots.txt; otherwise it ends their connections.
    robots: bool = True
    #: Every page of this number has the article of the one before it without its last quarter; texts are as long as in
    #: news, 4,000 characters.  0: none has, and they are longer.
    copied: int = 0
    #: Addresses of the loopback that it is served at, each a site of its own: feed by feed the next.
    hosts: int = 1

    @property
    def pages(self) -> list[bytes]:
        """The article pages, by number."""
        count = self.feeds * self.entries
        if not self.saved:
            return [page(number, self.seed, self.copied) for number in range(count)]
        files = sorted(path for path in Path(self.saved).iterdir() if path.name.endswith((".html", ".html.gz")))
        bodies = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files]
        return list(islice(cycle(bodies), count)) if len(bodies) < count else bodies[:: len(bodies) // count][:count]


def sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words)).capitalize() + "."


def paragraph(rng: random.Random) -> str:
    return " ".join(sentence(rng, rng.randint(8, 24)) for _ in range(rng.randint(2, 5)))


def page(number: int, seed: int = 7, copied: int = 0) -> bytes:
    """Return an article page: head, navigation, article, teasers, comments, scripts.

    Size (170 KB on average) and depth of nesting are those of real pages; as there, every other page states its time
    only in its text.  README.md compares the CPU times of the extractors on such pages.
    """
    rng = random.Random(f"{seed}/{number}")
    is_copy = copied > 0 and number % copied == copied - 1
    told = random.Random(f"{seed}/article/{number - is_copy}") if copied else rng
    headline = sentence(rng, 9)[:-1] + f" {number}"
    when = f"2024-05-{number % 28 + 1:02}T{number % 24:02}:15:00+02:00"
    said = number % 2 == 0
    head, navigation = _head(rng, headline, when if said else None), _navigation(rng)
    article = _article(told, headline, when, said=said, most=16 if copied else 40, is_copy=is_copy)
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{headline} | The Wire</title>
{head}</head><body><div class="page">{navigation}
<div class="consent"><p>We and our partners use cookies.</p><button>Accept</button></div>
<main><div class="layout"><div class="layout__main">{article}
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


def _article(rng: random.Random, headline: str, when: str, *, said: bool, most: int, is_copy: bool) -> str:
    blocks = [
        f'<div class="block"><p class="text">{escape(paragraph(rng))} <a href="/t/{rng.choice(WORDS)}">'
        f"{rng.choice(WORDS)}</a> {sentence(rng, 9)}</p></div>\n"
        for _ in range(rng.randint(most // 4, most))
    ]
    body = "".join(blocks[: -(len(blocks) // 4)] if is_copy else blocks)
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


def home(site: Site, base: str, number: int) -> str:
    """Return the base URL of a feed, and of its pages."""
    host = number % site.hosts
    return base.replace("//127.0.0.1:", f"//127.0.{host // 250}.{host % 250 + 1}:")


def link(site: Site, base: str, number: int, entry: int) -> str:
    """Return the address by which a feed links to a page: some redirect."""
    page_number = number * site.entries + entry
    return f"{home(site, base, number)}/{'go' if page_number % REDIRECTED == 0 else 'a'}/{page_number}"


def feed(site: Site, base: str, number: int) -> bytes:
    """Return a feed, the newest entry first."""
    items = []
    for entry in reversed(range(site.published, site.published + site.entries)):
        rng = random.Random(f"{site.seed}/feed/{number}/{entry}")
        content = "".join(f"<p>{paragraph(rng)}</p>" for _ in range(site.paragraphs))
        encoded = f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else ""
        items.append(
            f"<item><title>{sentence(rng, 9)}</title><link>{link(site, base, number, entry)}</link>"
            f"<guid isPermaLink='false'>tag:{number}:{entry}</guid><pubDate>{formatdate(T0 + entry * 600)}</pubDate>"
            f"<description>{sentence(rng, 25)}</description>{encoded}</item>"
        )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Feed {number}</title><link>{base}/</link><description>d</description>{''.join(items)}</channel></rss>"
    ).encode()


@dataclass(frozen=True)
class _Answer:
    """An answer with its validators, in lower case, and the one to a request that has them."""

    kind: str
    whole: bytes
    unchanged: bytes = b""
    etag: bytes = b""
    modified: bytes = b""

    def to(self, head: bytes) -> tuple[str, bytes]:
        """Return the kind of the answer and its bytes; If-None-Match goes before If-Modified-Since (RFC 9110, 13.2)."""
        head = head.lower()
        known = b"if-none-match: " + self.etag if b"if-none-match:" in head else b"if-modified-since: " + self.modified
        is_known = bool(self.etag) and known in head
        return (f"{self.kind} 304", self.unchanged) if is_known else (f"{self.kind} 200", self.whole)


class _Answers:
    """The answers of a site by path."""

    def __init__(self, site: Site, base: str) -> None:
        self.site, self._base = site, base
        self._close = b"" if site.keep_alive else b"Connection: close\r\n"
        self.by_path = {"/robots.txt": self._document("robots", ROBOTS, "text/plain", T0)}
        self.counts: Counter[str] = Counter()
        self._add_feeds()
        if not site.paragraphs:
            for number, body in enumerate(site.pages):
                self.by_path[f"/a/{number}"] = self._document("page", body, "text/html", T0 + number)
                to = home(site, base, number // site.entries)
                where = f"Location: {to}/a/{number}\r\nContent-Length: 0\r\n".encode()
                whole = b"HTTP/1.1 302 Found\r\n" + where + self._close + b"\r\n"
                self.by_path[f"/go/{number}"] = _Answer("redirect", whole)

    def publish(self, count: int) -> None:
        """Publish so many entries more in each feed."""
        self.site = replace(self.site, published=self.site.published + count)
        self._add_feeds()

    def _add_feeds(self) -> None:
        for number in range(self.site.feeds):
            body = feed(self.site, self._base, number)
            modified = T0 + (self.site.published + self.site.entries) * 600
            self.by_path[f"/feed/{number}"] = self._document("feed", body, "application/rss+xml", modified)

    def _document(self, kind: str, body: bytes, content_type: str, modified: int) -> _Answer:
        etag, date = f'"{hashlib.sha256(body).hexdigest()[:16]}"', formatdate(modified, usegmt=True)
        validators = f"ETag: {etag}\r\nLast-Modified: {date}\r\n".encode() + self._close + b"\r\n"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n".encode()
        return _Answer(
            kind, head + validators + body, b"HTTP/1.1 304 Not Modified\r\n" + validators,
            etag.encode(), date.lower().encode(),
        )  # fmt: skip

    def to(self, head: bytes) -> bytes:
        """Return the answer to a request, and count it."""
        path = head.split(b" ", 2)[1].decode()
        if path in self.by_path:
            kind, answer = self.by_path[path].to(head)
        else:
            kind, answer = "404", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" + self._close + b"\r\n"
        self.counts["redirect" if kind.startswith("redirect") else kind] += 1
        return answer


class _Protocol(asyncio.Protocol):
    def __init__(self, answers: _Answers) -> None:
        self.answers, self.buffer = answers, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            is_refused = head.startswith(b"GET /robots.txt ") and not self.answers.site.robots
            if not is_refused:
                self.transport.write(self.answers.to(head))
            if is_refused or not self.answers.site.keep_alive:
                self.transport.close()
                return


async def _serve(site: Site) -> None:
    """Serve a site; prints its base URL, then an answer to each line on stdin, until there are no more."""
    loop = asyncio.get_running_loop()
    tls = None
    if site.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(site.certificate)
    found: list[_Answers] = []
    server = await loop.create_server(lambda: _Protocol(found[0]), "127.0.0.1", 0, backlog=1024, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    base = f"http{'s' if tls else ''}://127.0.0.1:{port}"
    others = [urlsplit(home(site, base, number)).hostname for number in range(1, site.hosts)]
    if others:
        await loop.create_server(lambda: _Protocol(found[0]), others, port, backlog=1024, ssl=tls)
    found.append(_Answers(site, base))
    print(json.dumps(base), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        if command == "counts":
            print(json.dumps(found[0].counts), flush=True)
            found[0].counts.clear()
        else:
            found[0].publish(command)
            print("null", flush=True)


class Wire(str):
    """The base URL of a served site, and what can be asked of it."""

    __slots__ = ("_process", "pid")

    pid: int
    _process: subprocess.Popen[str]

    def _ask(self, command: str | int) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def take_counts(self) -> dict[str, int]:
        """Return the answers by kind since the last call: "feed 200", "feed 304", "page 200", "redirect", "404", ..."""
        found: dict[str, int] = self._ask("counts")
        return found

    def publish(self, count: int) -> None:
        """Publish so many entries more in each feed; each window keeps its size."""
        self._ask(count)


#: The processes that serve sites: their CPU time is not that of what is measured.
SERVERS: set[int] = set()


@contextmanager
def serve_site(site: Site) -> Iterator[Wire]:
    """Serve `site` in a child process; yields the base URL."""
    command = [sys.executable, __file__, json.dumps(asdict(site))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    SERVERS.add(process.pid)
    try:
        wire = Wire(json.loads(process.stdout.readline()))
        wire._process, wire.pid = process, process.pid
        yield wire
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        SERVERS.discard(process.pid)


if __name__ == "__main__":
    asyncio.run(_serve(Site(**json.loads(sys.argv[1]))))

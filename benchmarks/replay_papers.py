"""Invented papers, agencies and their documents, as they are in each round of a replay; the same for each seed.

A paper publishes, rewrites and withdraws stories; its documents have one of the formats, with the oddities of real
ones.  Some rounds answer with an error, a redirect, a web page, or half a document.
"""

import gzip
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path

from invented_articles import article
from site_server import page as long_page

#: The time of the first round, and between rounds.
START, STEP = datetime(2026, 2, 2, 6, tzinfo=UTC), timedelta(hours=3)
#: Every name has the same port; their addresses are those of the replay's own name server.
PORT = 8042
SAMPLES = Path(__file__).parent.parent / "tests" / "data"
ROBOTS = b"User-agent: *\nDisallow: /private/\nCrawl-delay: 0\n"


@dataclass(frozen=True)
class Answer:
    """An answer to a request without conditions."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Whether it has validators, which a conditional request may name.
    etag: bool = True
    last_modified: bool = False


@dataclass(frozen=True)
class Story:
    """A version of a story, as its paper has it."""

    number: int
    version: int
    url: str
    headline: str
    lead: str
    paragraphs: tuple[str, ...]
    author: str
    published: datetime
    updated: datetime

    @property
    def html(self) -> str:
        return "".join(f"<p>{escape(one, quote=False)}</p>" for one in self.paragraphs)


@lru_cache(maxsize=4096)
def told(number: int, version: int) -> tuple[str, str, tuple[str, ...], str]:
    """Return headline, lead, paragraphs and author of a story; each story of a replay has a number of its own."""
    found = article(number)
    paragraphs = tuple(found.body_text.split("\n\n")[:14])
    headline = found.headline or ""
    if version:
        extra = article(900_000 + 10 * number + version)
        paragraphs = (*paragraphs[:1], extra.body_text.split("\n\n")[0], *paragraphs[1:])
        headline = extra.headline or "" if version % 2 else headline
    return headline, found.description_text or "", paragraphs, found.authors[0] if found.authors else ""


class Paper:
    """A paper of its own site."""

    window = 12

    def __init__(self, number: int, seed: int) -> None:
        self.number, self._seed = number, seed
        self.host = f"paper{number}.example"
        self.base = f"http://{self.host}:{PORT}"
        self.kind = list(FORMATS)[number % len(FORMATS)]
        #: The round in which each story was published.
        self._rounds: list[int] = [0] * (6 + self._chance("begin").randrange(8))
        self._until = 0

    def _chance(self, *of: object) -> random.Random:
        return random.Random(f"{self._seed}/{self.number}/{'/'.join(map(str, of))}")

    def _publish_until(self, round_: int) -> None:
        while self._until < round_:
            self._until += 1
            chance = self._chance("round", self._until)
            count = chance.choice((1, 1, 2, 3)) if chance.random() < 0.25 else 0
            count = 2 * self.window if chance.random() < 0.01 else count  # more than the window shows
            self._rounds += [self._until] * count

    def stories(self, round_: int) -> list[Story]:
        """Return what the document lists in a round, the newest first."""
        self._publish_until(round_)
        published = [number for number, begun in enumerate(self._rounds) if begun <= round_]
        listed = [number for number in published[-self.window :] if not self._is_withdrawn(number, round_)]
        return [self.story(number, round_) for number in reversed(listed)]

    def _is_withdrawn(self, number: int, round_: int) -> bool:
        chance = self._chance("withdrawn", number)
        return chance.random() < 0.03 and round_ >= self._rounds[number] + 2

    def story(self, number: int, round_: int) -> Story:
        changes = [
            later for later in range(self._rounds[number] + 1, round_ + 1)
            if self._chance("change", number, later).random() < 0.012
        ]  # fmt: skip
        headline, lead, paragraphs, author = told(self.number * 251 + number % 251, len(changes))
        at = START + self._rounds[number] * STEP - timedelta(minutes=7 + number)
        updated = START + changes[-1] * STEP - timedelta(minutes=3) if changes else at
        return Story(
            number, len(changes), f"{self.base}/news/{number}", headline, lead, paragraphs, author, at, updated
        )

    def answer(self, path: str, round_: int) -> Answer:
        """Return the answer to a request without conditions."""
        self._publish_until(round_)
        if path == "/robots.txt":
            return Answer(404) if self.number % 7 == 3 else Answer(body=ROBOTS, content_type="text/plain")
        if path in ("/feed", "/moved"):
            return self._feed_answer(path, round_)
        if path == "/feed/elsewhere":
            return self._document(round_)
        if path.startswith("/go/"):
            return Answer(302, headers={"Location": f"/news/{path[4:]}"})
        number = path.removeprefix("/news/")
        if not number.isdigit() or int(number) >= len(self._rounds):
            return Answer(404, b"<h1>Not found</h1>")
        return self._page_answer(int(number), round_)

    def _feed_answer(self, path: str, round_: int) -> Answer:
        if self.number % 29 == 11 and round_ > 3 and path == "/feed":
            return Answer(301, headers={"Location": f"{self.base}/moved"})
        if self.number % 31 == 12 and round_ > 8:
            return Answer(410, b"gone")
        whole = self._document(round_)
        half = replace(whole, body=whole.body[: len(whole.body) * 2 // 3], headers={})
        back_soon = b"<!DOCTYPE html><html><title>Back soon</title><p>Back soon.</p></html>"
        trouble = self._chance("trouble", round_).random() if round_ else 1.0
        for share, answer in (
            (0.010, Answer(404, b"<h1>Not found</h1>")), (0.018, Answer(500, b"oops")),
            (0.026, Answer(302, headers={"Location": "/feed/elsewhere"})), (0.032, Answer(body=back_soon)),
            (0.036, Answer(204)), (0.050, half),
        ):  # fmt: skip
            if trouble < share:
                return answer
        return whole

    def _document(self, round_: int) -> Answer:
        body, content_type = FORMATS[self.kind](self, self.stories(round_), round_)
        headers = {}
        if self.number % 6 == 4:
            body, headers["Content-Encoding"] = gzip.compress(body, mtime=0), "gzip"
        if self.number % 5 == 3:
            headers["Cache-Control"] = "max-age=1800"
        return Answer(
            body=body, content_type=content_type, headers=headers,
            etag=self.number % 9 not in (5, 6), last_modified=self.number % 9 in (2, 5),
        )  # fmt: skip

    def _page_answer(self, number: int, round_: int) -> Answer:
        chance = self._chance("page", number).random()
        if chance < 0.03:
            return Answer(404, b"<h1>Not found</h1>")
        if chance < 0.05 and round_ > self._rounds[number]:
            return Answer(410, b"<h1>Gone</h1>")
        if chance < 0.06:
            return Answer(body=(SAMPLES / "other_pages" / "error.html").read_bytes())
        story = self.story(number, round_)
        if chance < 0.10:
            return Answer(body=long_page(self.number * 1000 + number, self._seed))
        return Answer(body=PAGES[(self.number + number) % len(PAGES)](self, story), etag=number % 3 != 1)


def rss(paper: Paper, stories: list[Story], _round: int, *, full: bool = True) -> tuple[bytes, str]:
    items = "".join(
        f"<item><title>{escape(story.headline)}</title><link>{story.url}</link>"
        f'<guid isPermaLink="false">tag:{paper.host},2026:{story.number}</guid>'
        f"<pubDate>{format_datetime(story.published)}</pubDate><dc:creator>{escape(story.author)}</dc:creator>"
        f"<category>News</category><category domain='desk'>Desk {story.number % 4}</category>"
        f"<description>{escape(story.lead)}</description>"
        + (f"<content:encoded><![CDATA[{story.html}]]></content:encoded>" if full else "")
        + "</item>\n"
        for story in stories
    )
    ttl = "<ttl>90</ttl><skipHours><hour>3</hour></skipHours>" if paper.number % 4 == 0 else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/'
        'content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>Paper {paper.number} &amp; Sons</title><link>{paper.base}/</link><description>All the news"
        f"</description><language>en-gb</language>{ttl}<atom:link rel='self' href='{paper.base}/feed'/>{items}"
        "</channel></rss>"
    ).encode(), "application/rss+xml; charset=utf-8"


def rss_links(paper: Paper, stories: list[Story], round_: int) -> tuple[bytes, str]:
    body, _ = rss(paper, stories, round_, full=False)
    return body.replace(b"/news/1</link>", b"/go/1</link>"), "text/xml"


def atom(paper: Paper, stories: list[Story], round_: int, *, full: bool = True) -> tuple[bytes, str]:
    entries = "".join(
        f"<entry><id>tag:{paper.host},2026:{story.number}</id><title type='html'>{escape(escape(story.headline))}"
        f"</title><link href='/news/{story.number}'/><link rel='enclosure' type='image/jpeg' href='/i/"
        f"{story.number}.jpg'/><published>{story.published.isoformat()}</published><updated>{story.updated.isoformat()}</updated>"
        f"<author><name>{escape(story.author) or 'Desk'}</name></author><category term='n{story.number % 5}'/>"
        f"<summary>{escape(story.lead)}</summary>"
        + (
            f"<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{story.html}</div></content>"
            if full and story.number % 2 else f"<content type='html'>{escape(story.html)}</content>" if full else ""
        )
        + "</entry>"
        for story in stories
    )  # fmt: skip
    gone = ""
    if paper.number % 3 == 0 and round_ > 4:
        gone = f"<at:deleted-entry ref='tag:{paper.host},2026:3' when='{(START + STEP).isoformat()}'/>"
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0" xml:lang="en" '
        f'xml:base="{paper.base}/"><title>Paper {paper.number}</title><id>tag:{paper.host},2026:feed</id><updated>'
        f"{(stories[0].updated if stories else START).isoformat()}</updated><link href='/'/>{gone}{entries}</feed>"
    ).encode(), "application/atom+xml"


def atom_links(paper: Paper, stories: list[Story], round_: int) -> tuple[bytes, str]:
    return atom(paper, stories, round_, full=False)


def json_feed(paper: Paper, stories: list[Story], _round: int) -> tuple[bytes, str]:
    items = [
        {
            "id": str(story.number), "url": story.url, "title": story.headline, "summary": story.lead,
            "date_published": story.published.isoformat(), "date_modified": story.updated.isoformat(),
            "authors": [{"name": story.author}], "tags": ["news", f"n{story.number % 3}"],
            **({"content_html": story.html} if paper.number % 20 < 10 else {}),
        }
        for story in stories
    ]  # fmt: skip
    document = {
        "version": "https://jsonfeed.org/version/1.1", "title": f"Paper {paper.number}", "home_page_url": paper.base,
        "feed_url": f"{paper.base}/feed", "language": "en", "items": items,
    }  # fmt: skip
    return json.dumps(document).encode(), "application/feed+json"


def news_sitemap(paper: Paper, stories: list[Story], _round: int) -> tuple[bytes, str]:
    found = "".join(
        f"<url><loc>{story.url}</loc><lastmod>{story.updated.isoformat()}</lastmod><news:news><news:publication>"
        f"<news:name>Paper {paper.number}</news:name><news:language>en</news:language></news:publication>"
        f"<news:publication_date>{story.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(story.headline)}</news:title></news:news></url>"
        for story in stories
    )
    return (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{found}</urlset>'
    ).encode(), "application/xml"


def sitemap(_paper: Paper, stories: list[Story], _round: int) -> tuple[bytes, str]:
    found = "".join(f"<url><loc>{one.url}</loc><lastmod>{one.updated:%Y-%m-%d}</lastmod></url>" for one in stories)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{found}</urlset>'.encode(), "text/xml"


def rdf(paper: Paper, stories: list[Story], _round: int) -> tuple[bytes, str]:
    items = "".join(
        f'<item rdf:about="{story.url}"><title>{escape(story.headline)}</title><link>{story.url}</link><dc:date>'
        f"{story.published:%Y-%m-%dT%H:%MZ}</dc:date><description>{escape(story.lead)}</description></item>"
        for story in stories
    )
    return (
        '<?xml version="1.0" encoding="iso-8859-1"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="'
        f'{paper.base}/"><title>Caf\xe9 {paper.number}</title><link>{paper.base}/</link></channel>{items}</rdf:RDF>'
    ).encode("iso-8859-1", "xmlcharrefreplace"), "application/xml"


def malformed(paper: Paper, stories: list[Story], round_: int) -> tuple[bytes, str]:
    """A feed that no XML parser takes: bare ampersands and tags, HTML's entities, bytes of another encoding."""
    body, _ = rss(paper, stories, round_, full=paper.number % 2 == 0)
    body = body.replace(b" &amp; Sons", b" & Sons \x96 caf\xe9").replace(
        b"<description>", b"<description>AT&T &nbsp;<b>"
    )
    return (b"\n" if round_ % 2 else b"\xef\xbb\xbf") + body.replace(b"</channel></rss>", b"</channel>"), "text/xml"


def odd(paper: Paper, stories: list[Story], round_: int) -> tuple[bytes, str]:
    """A valid feed with all that feeds may have: no or repeated guids, dates of many kinds, media, markup in titles."""
    dates: tuple[Callable[[datetime], str], ...] = (
        lambda at: f"{at:%d %b %y %H:%M} EST", lambda at: f"{at:%a, %d %b %Y %H:%M:%S} CET",
        lambda at: f"{at:%Y-%m-%d}",
        lambda at: f"{at:%B %d, %Y %I:%M %p} GMT", lambda at: at.isoformat(), lambda _: "yesterday", lambda _: "",
        lambda at: f"{at:%a, %d %b %Y} 24:00:00 +0000",
    )  # fmt: skip
    guids = (
        lambda s: f"<guid>{s.url}</guid>", lambda _: "", lambda s: f"<guid isPermaLink='true'>news/{s.number}</guid>",
        lambda s: f"<guid isPermaLink='false'>  {s.number} </guid>", lambda _: "<guid/>",
    )  # fmt: skip
    items = []
    for story in stories:
        n = story.number
        link = (
            f"news/{n}?utm_source=rss&amp;utm_medium=feed"
            if n % 3
            else f"HTTP://{paper.host.upper()}:{PORT}/news/{n}#top"
        )
        items.append(
            f"<item>{guids[n % len(guids)](story)}<title>{escape(f'<b>{story.headline}</b> &quot;{n}&quot;')}</title>"
            f"<link>{link}</link><pubDate>{dates[n % len(dates)](story.published)}</pubDate><author>desk@{paper.host} "
            f"({story.author})</author><media:group><media:content url='{paper.base}/i/{n}.jpg' medium='image' "
            f"width='800'><media:credit>{escape(story.author)}</media:credit></media:content></media:group><enclosure "
            f"url='/a/{n}.mp3' length='12' type='audio/mpeg'/><itunes:duration>1:02</itunes:duration><comments>"
            f"{paper.base}/c/{n}</comments><source url='{paper.base}/feed'>Other</source><description><![CDATA["
            f"<img src='/i/{n}.jpg' onerror='x()'><script>alert(1)</script>{story.lead} <a href='/t'>more</a>]]>"
            f"</description></item>"
        )
    items.append(items[0] if items and round_ % 2 else "")
    return (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY paper "Paper">]><rss version="2.0" xml:base="{paper.base}/" '
        'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
        f"<channel><title>&paper; {paper.number}</title><link>/</link><lastBuildDate>{format_datetime(START)}"
        f"</lastBuildDate><image><url>/logo.png</url></image>{''.join(items)}</channel></rss>"
    ).encode(), "application/xml"


FORMATS: dict[str, Callable[[Paper, list[Story], int], tuple[bytes, str]]] = {
    "rss": rss, "rss with links": rss_links, "atom": atom, "atom with links": atom_links, "json": json_feed,
    "news sitemap": news_sitemap, "rdf": rdf, "malformed": malformed, "odd": odd, "sitemap": sitemap,
}  # fmt: skip


def _around(paper: Paper, head: str, inner: str) -> bytes:
    links = "".join(f'<li><a href="/s/{name}">{name.title()} today</a></li>' for name in ("world", "sport", "money"))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">{head}</head><body><nav><ul>{links}</ul></nav>'
        f'<main>{inner}<p class="sub">Subscribe to the daily letter of Paper {paper.number} and never miss a ferry.</p>'
        f"</main><aside><h3>Most read</h3><ul>{links}</ul></aside><footer>© Paper {paper.number}</footer></body></html>"
    ).encode()


def page_with_data(paper: Paper, story: Story) -> bytes:
    data = {
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": story.headline,
        "datePublished": story.published.isoformat(), "dateModified": story.updated.isoformat(),
        "author": [{"@type": "Person", "name": story.author or "Desk"}],
        "publisher": {"@type": "Organization", "name": f"Paper {paper.number}"}, "image": f"{paper.base}/i.jpg",
    }  # fmt: skip
    head = f'<title>{escape(story.headline)}</title><script type="application/ld+json">{json.dumps(data)}</script>'
    head += f'<link rel="canonical" href="{story.url}">'
    return _around(paper, head, f"<article><h1>{escape(story.headline)}</h1>{story.html}</article>")


def page_with_meta(paper: Paper, story: Story) -> bytes:
    head = (
        f'<title>{escape(story.headline)} | Paper {paper.number}</title><meta property="og:title" content="'
        f'{escape(story.headline)}"><meta property="article:published_time" content="{story.published.isoformat()}">'
        f'<meta name="author" content="{escape(story.author)}"><meta name="description" content="{escape(story.lead)}">'
    )
    inner = f"<article><h1>{escape(story.headline)}</h1><p class='byline'>By {escape(story.author)}</p>{story.html}"
    return _around(paper, head, f"{inner}</article>")


def page_plain(paper: Paper, story: Story) -> bytes:
    inner = f"<h1>{escape(story.headline)}</h1><div>Posted {story.published:%d %B %Y}</div><div>"
    inner += "<br><br>".join(map(escape, story.paragraphs)) + "</div>"
    return _around(paper, f"<title>Paper {paper.number}</title>", inner)


PAGES = (page_with_data, page_with_meta, page_plain)


class Section:
    """One of several section feeds of one publisher, which list the same stories: shared pages, and shared texts."""

    def __init__(self, number: int, paper: Paper) -> None:
        self.host = paper.host
        self._number, self._paper = number, paper

    def answer(self, path: str, round_: int) -> Answer:
        if path != f"/section/{self._number}":
            return self._paper.answer(path, round_)
        stories = self._paper.stories(round_)
        body, content_type = rss_links(self._paper, stories[self._number % 2 :: 1 + self._number % 3], round_)
        return Answer(body=body.replace(b"tag:", f"tag:s{self._number}:".encode()), content_type=content_type)


class Client:
    """A paper that prints an agency's texts at addresses of its own."""

    def __init__(self, number: int, agency: Paper) -> None:
        self.host = f"client{number}.example"
        self._number, self._agency = number, agency
        self._paper = Paper(5000 + number, 1)
        self._paper.host, self._paper.base = self.host, f"http://{self.host}:{PORT}"

    def answer(self, path: str, round_: int) -> Answer:
        stories = [one for one in self._agency.stories(round_) if (one.number + self._number) % 3]
        mine = [
            Story(**{**vars(one), "url": f"{self._paper.base}/story/{one.number}", "headline": f"Wire: {one.headline}"})
            for one in stories
        ]
        if path == "/feed":
            body, content_type = rss(self._paper, mine, round_, full=self._number % 2 == 0)
            return Answer(body=body, content_type=content_type)
        for story in mine:
            if path == f"/story/{story.number}":
                return Answer(body=PAGES[self._number % len(PAGES)](self._paper, story))
        return Answer(404)


class Agency:
    """An agency whose list has every version of its items so far: corrections, embargoes, kills."""

    def __init__(self, number: int, seed: int) -> None:
        self.host = f"agency{number}.example"
        self._number, self._seed = number, seed

    def answer(self, path: str, round_: int) -> Answer:
        if path != "/feed":
            return Answer(404)
        items = [one for made in range(min(round_, 40) + 1) for one in self._versions(made, round_)]
        return Answer(body=json.dumps({"_items": items[-30:]}).encode(), content_type="application/json")

    def _versions(self, made: int, round_: int) -> list[dict[str, object]]:
        chance = random.Random(f"{self._seed}/agency/{self._number}/{made}")
        count, fate = 1 + chance.randrange(4), chance.random()
        found: list[dict[str, object]] = []
        for version in range(1, count + 1):
            if made + version - 1 > round_:
                break
            headline, lead, paragraphs, author = told(60_000 + self._number * 1000 + made, version - 1)
            is_last = version == count
            item: dict[str, object] = {
                "guid": f"urn:newsml:agency{self._number}.example:2026:{made}", "version": str(version), "type": "text",
                "versioncreated": (START + (made + version - 1) * STEP - timedelta(minutes=4)).isoformat(),
                "firstcreated": (START + made * STEP - timedelta(minutes=9)).isoformat(),
                "pubstatus": "canceled" if is_last and fate < 0.2 else "usable", "headline": headline, "urgency": 3,
                "language": "en", "byline": author, "description_text": lead, "slugline": f"item-{made}",
                "body_html": "".join(f"<p>{escape(one)}</p>" for one in paragraphs), "ednote": "",
            }  # fmt: skip
            if 0.2 < fate < 0.35:
                item |= {"pubstatus": "withheld", "embargoed": (START + (made + 3) * STEP).isoformat()}
            if is_last and 0.35 < fate < 0.5:
                item["ednote"] = "CORRECTION: Corrects the name in the first paragraph."
            found.append(item)
        return found


class Sample:
    """A document of the test suite, or of a folder of feeds, as it is; then with one more line."""

    def __init__(self, number: int, path: Path) -> None:
        self.host = f"sample{number}.example"
        self._path = path

    def answer(self, path: str, round_: int) -> Answer:
        body = self._path.read_bytes()
        return Answer(body=body + b"\n" if round_ % 2 else body, content_type="") if path == "/feed" else Answer(404)


def etag_of(body: bytes) -> str:
    return f'"{sha256(body).hexdigest()[:20]}"'

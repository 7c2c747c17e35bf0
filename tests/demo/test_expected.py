"""The expected content of the newsroom, compared with what parser and extractor make of its feeds and pages."""

from aiohttp import ClientSession

from ingestd.articles import extract
from ingestd.demo.newsroom import Newsroom
from ingestd.formats import parse
from ingestd.likeness.content_hash import content_hash
from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.model.page import Page
from ingestd.policy.articles.full_text import carries_full_text


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def fetch(web: ClientSession, url: str) -> tuple[bytes, str]:
    async with web.get(url, raise_for_status=True) as reply:
        return await reply.read(), reply.headers["Content-Type"]


async def article_of(web: ClientSession, entry: Entry) -> Article:
    if carries_full_text(entry):
        return extract(Page(url=entry.link, body=entry.body_html.encode(), entry=entry, fragment=True))
    body, content_type = await fetch(web, entry.link)
    return extract(Page(url=entry.link, body=body, content_type=content_type, entry=entry))


async def test_extracted_texts_are_as_expected_and_reprints_have_the_same_hash() -> None:
    clock = Clock()
    articles: dict[str, Article] = {}
    full_texts = {}
    async with Newsroom(clock=clock) as newsroom, ClientSession() as web:
        clock.seconds = 30
        expected = newsroom.expected
        for url in expected.sources:
            body, content_type = await fetch(web, url)
            entries = parse(body, url=url, content_type=content_type).entries
            full_texts[url] = {carries_full_text(entry) for entry in entries}
            articles |= {entry.guid: await article_of(web, entry) for entry in entries}

    assert list(full_texts.values()) == [{True}, {False}, {False}]
    assert {guid: article.body_text for guid, article in articles.items()} == expected.bodies
    hashes = {content_hash(article.body_text, headline=article.headline) for article in articles.values()}
    assert len(hashes) == expected.records

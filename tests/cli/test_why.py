import asyncio
from pathlib import Path

from sqlalchemy import text

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from tests.cli.feeds import rss
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_why_prints_the_decisions_about_an_article(papers: Papers, either: Path) -> None:
    ingestd(
        either, "sources", "add", papers.publish("/feed", rss(1, 1), content_type="application/rss+xml"), "--unchecked"
    )
    ingestd(either, "poll", "1")

    printed = ingestd(either, "why", "http://PAPER.example/1?utm_source=feed").out

    assert "normalised: http://paper.example/1" in printed
    assert "identity: new: record 1: no record has its address or its text" in printed
    assert ingestd(either, "why", "http://paper.example/2").out == "no source has announced it\n"


def test_why_says_what_keeps_requests_to_a_site_back(papers: Papers, either: Path, database_url: str) -> None:
    ingestd(
        either, "sources", "add", papers.publish("/feed", rss(1, 1), content_type="application/rss+xml"), "--unchecked"
    )
    ingestd(either, "poll", "1")
    url = with_async_driver(database_url)
    far = "2999-01-01 00:00:00+00:00" if "postgresql" in url else "2999-01-01 00:00:00.000000"

    async def hold() -> None:
        async with Database(url) as database, database.write() as connection:
            await connection.execute(text("UPDATE entries SET state = 'pending'"))
            await connection.execute(
                text(
                    "INSERT INTO manners (site, next_at, held_until, failing_until, failures, network) VALUES "
                    f"('paper.example', '{far}', '{far}', '{far}', 6, '192.0.2.0/24')"
                )
            )
            await connection.execute(
                text(f"INSERT INTO host_groups (network, budget, burst_at) VALUES ('192.0.2.0/24', 2, '{far}')")
            )

    asyncio.run(hold())
    printed = ingestd(either, "why", "http://paper.example/1").out

    assert "site paper.example: asked to be left alone until 2999-01-01T00:00:00Z" in printed
    assert "keeps failing (6×), probed at 2999-01-01T00:00:00Z" in printed
    assert "shares 2 requests a second with all sites at 192.0.2.0/24" in printed

"""Count the requests for pages while many section feeds list the same stories.

python benchmarks/one_get.py [--sections N] [--stories N] [--rounds N] [--database sqlite|postgresql]

A publisher on the loopback has N section feeds; each lists a random half of the stories published so far, and every
round publishes more.  The daemon's own dispatchers poll all feeds and process all entries after each round.  Prints the
requests for pages, the distinct addresses, and their ratio (required: at most 1.02).
"""

import argparse
import asyncio
import random
import tempfile
from collections import Counter
from pathlib import Path

from common import print_json
from sqlalchemy import func, select

from ingestd.store.schema import tables
from tests.support.databases import make_database, postgresql
from tests.support.desk import STORY, add, feed, open_desk, page, poll_all
from tests.support.newsroom import Newsroom


async def measure(database_url: str, folder: Path, *, sections: int, stories: int, rounds: int) -> dict[str, object]:
    """Poll `rounds` times and return the counts; raises AssertionError unless every story became one record."""
    chance = random.Random(1)
    async with Newsroom() as newsroom, open_desk(database_url, folder) as runtime:
        links: list[str] = []
        listed: set[str] = set()
        for number in range(rounds):
            for _ in range(stories // rounds):
                text = f"{STORY} This is story {len(links)} of the day."
                body = page(f"Ferry {len(links)}", text, text)
                links.append(newsroom.publish(f"/{len(links)}", body=body, content_type="text/html"))
            for section in range(sections):
                chosen = [link for link in links if chance.random() < 0.5]
                listed.update(chosen)
                document = feed(*chosen).replace(b"tag:", f"tag:{section}:".encode())
                url = newsroom.publish(f"/feeds/{section}.xml", body=document)
                if number == 0:
                    await add(runtime, url)
            await poll_all(runtime)
        async with runtime.database.read() as connection:
            count = select(func.count())
            records = (await connection.execute(count.select_from(tables.records))).scalar_one()
            entries = (await connection.execute(count.select_from(tables.entries))).scalar_one()
        pages = Counter(request.path for request in newsroom.requests if request.path[1:].isdigit())
    assert records == len(listed), f"{records} records of {len(listed)} stories"
    assert set(pages) == {f"/{links.index(link)}" for link in listed}
    return {
        "entries": entries,
        "addresses": len(listed),
        "requests": pages.total(),
        "requests_per_address": round(pages.total() / len(listed), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", type=int, default=10)
    parser.add_argument("--stories", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = {"sections": wanted.sections, "stories": wanted.stories, "rounds": wanted.rounds}
        if wanted.database == "sqlite":
            found = asyncio.run(measure(f"sqlite:///{folder}/ingestd.db", folder, **sizes))
        else:
            with postgresql(folder / "server") as server:
                found = asyncio.run(measure(make_database(server, "one_get"), folder, **sizes))
    print_json(database=wanted.database, **sizes, **found)


if __name__ == "__main__":
    main()

"""The same queries find the same records on both databases."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text, update

from ingestd.model.article import Article
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.operations.search_upkeep import SearchUpkeep
from ingestd.store.records import content
from ingestd.store.records import search as search_module
from ingestd.store.records.search import search
from ingestd.store.schema import migrate
from ingestd.store.schema.tables import records
from tests.conftest import LendDatabase
from tests.support.outcomes import claimed, keep, keep_texts, saved

#: Headline → body.
TEXTS = {
    "summit": 'Talks between Merkel/Macron failed,again. President O\'Brien said: "The White House was informed."',
    "zurich": "In Zürich the café of José Núñez opened at 3.5 percent,not more. Straße and Łódź, Æsir, Ørsted.",
    "house": "The house was white; a white fence, and the house beside it. State-of-the-art e-mail.",
    "tokyo": "東京都知事は新しいiPhoneの発売を発表した。カタカナとひらがな。",
    "beijing": "中华人民共和国主席习近平在北京会见了代表团。",
    "seoul": "서울에서 대통령이 연설했다.",
    "bangkok": "นายกรัฐมนตรีของประเทศไทยเดินทางไปเชียงใหม่",
    "istanbul": "İstanbul Büyükşehir Belediyesi, Diyarbakır'da ışık",
    "moscow": "Президент приехал в Москву. Ёлка стоит на площади.",
    "cairo": "قال مُحَمَّد إن القاهرة جميلة في عام ٢٠٢٤",
    "delhi": "प्रधानमंत्री ने हिन्दी में भाषण दिया",
    "athens": "Η Αθήνα είναι η πρωτεύουσα της Ελλάδας",
    "contact": "Write to info@paper.example or see https://www.paper.example/a-b?c=d_e&f=1,000 (tel. +49 30 12345-67).",
    "signs": "Rockets 🚀🚀 flew :-) not AND near OR far AND*",
    "long": "x" * 5000 + " " + "word " * 20_000 + "hippopotamus",
}

CASES = [
    pytest.param("Macron", "summit", id="after-a-slash"),
    pytest.param("Merkel", "summit", id="before-a-slash"),
    pytest.param("Merkel/Macron", "summit", id="slash"),
    pytest.param("Macron/Merkel", "", id="slash-in-another-order"),
    pytest.param("again", "summit", id="after-a-comma-without-a-space"),
    pytest.param("failed,again", "summit", id="comma"),
    pytest.param("O'Brien", "summit", id="apostrophe"),
    pytest.param("O’Brien", "summit", id="curly-apostrophe"),
    pytest.param("brien", "summit", id="after-an-apostrophe"),
    pytest.param("OBrien", "", id="apostrophe-left-out"),
    pytest.param('"white house"', "summit", id="phrase"),
    pytest.param("white house", "summit house", id="words-of-a-phrase"),
    pytest.param("“white house”", "summit", id="curly-quotes"),
    pytest.param('"house white"', "", id="phrase-in-another-order"),
    pytest.param('"house summit"', "", id="phrase-across-headline-and-body"),
    pytest.param('"white house', "summit", id="unbalanced-quote"),
    pytest.param('"" "', "", id="empty-quotes"),
    pytest.param("MERKEL", "summit", id="capitals"),
    pytest.param("Zurich", "zurich", id="without-accent"),
    pytest.param("Zürich", "zurich", id="accent"),
    pytest.param("Zu\u0308rich", "zurich", id="combining-accent"),
    pytest.param("CAFE", "zurich", id="capitals-without-accent"),
    pytest.param("Jose Nunez", "zurich", id="spanish"),
    pytest.param("strasse", "zurich", id="sharp-s-as-ss"),
    pytest.param("STRAẞE", "zurich", id="capital-sharp-s"),
    pytest.param("Lodz", "zurich", id="polish"),
    pytest.param("aesir orsted", "zurich", id="scandinavian"),
    pytest.param("3.5", "zurich", id="decimal"),
    pytest.param("3,5", "zurich", id="decimal-comma"),
    pytest.param("35", "", id="other-number"),
    pytest.param("1,000", "contact", id="thousands"),
    pytest.param("state-of-the-art", "house", id="hyphens"),
    pytest.param("state of the art", "house", id="hyphens-as-spaces"),
    pytest.param("e-mail", "house", id="hyphen"),
    pytest.param("東京", "tokyo", id="japanese-word"),
    pytest.param("京都", "tokyo", id="japanese-pair-inside"),
    pytest.param("東京都知事", "tokyo", id="japanese-words"),
    pytest.param("都東京", "", id="japanese-in-another-order"),
    pytest.param("東", "tokyo", id="one-character"),
    pytest.param("した", "tokyo", id="last-characters"),
    pytest.param("新しいiPhone", "tokyo", id="japanese-and-latin"),
    pytest.param("ｉＰｈｏｎｅ", "tokyo", id="full-width"),
    pytest.param("ｶﾀｶﾅ", "tokyo", id="half-width"),
    pytest.param("习近平", "beijing", id="chinese-name"),
    pytest.param("共和国", "beijing", id="chinese-word"),
    pytest.param("서울", "seoul", id="korean-without-particle"),
    pytest.param("ประเทศไทย", "bangkok", id="thai"),
    pytest.param("istanbul", "istanbul", id="turkish-capital-i"),
    pytest.param("ISTANBUL", "istanbul", id="latin-capital-i"),
    pytest.param("diyarbakir isik", "istanbul", id="turkish-dotless-i"),
    pytest.param("МОСКВУ", "moscow", id="cyrillic-capitals"),
    pytest.param("елка", "moscow", id="cyrillic-without-dots"),
    pytest.param("محمد", "cairo", id="arabic-without-vowels"),
    pytest.param("2024", "cairo", id="arabic-digits"),
    pytest.param("हिन्दी", "delhi", id="hindi"),
    pytest.param("ΑΘΗΝΑ", "athens", id="greek-capitals-without-accent"),
    pytest.param("info@paper.example", "contact", id="address"),
    pytest.param("https://www.paper.example/a-b?c=d_e", "contact", id="url"),
    pytest.param("paper.example", "contact", id="host"),
    pytest.param("hous*", "house summit", id="prefix"),
    pytest.param("Zür*", "zurich", id="prefix-with-accent"),
    pytest.param('"white hous*"', "", id="no-prefix-in-quotes"),
    pytest.param("white-hous*", "summit", id="prefix-at-the-end-of-a-phrase"),
    pytest.param("*", "", id="asterisk"),
    pytest.param("🚀", "", id="emoji"),
    pytest.param("🚀 rockets", "signs", id="emoji-and-word"),
    pytest.param("", "", id="empty"),
    pytest.param(" \t\u3000", "", id="white-space"),
    pytest.param("!?.,;:-_/\\|()[]{}'\"*^~", "", id="punctuation"),
    pytest.param("AND", "signs house zurich", id="operator"),
    pytest.param("near OR", "signs", id="operators"),
    pytest.param("NOT near", "signs", id="negation"),
    pytest.param("white -house", "summit house", id="minus"),
    pytest.param("headline:summit", "", id="fts5-column"),
    pytest.param("{terms} : summit", "", id="fts5-column-set"),
    pytest.param("NEAR(white house, 5)", "", id="fts5-near"),
    pytest.param("^summit", "summit", id="fts5-first"),
    pytest.param("white + house", "summit house", id="fts5-plus"),
    pytest.param("white & house", "summit house", id="tsquery-and"),
    pytest.param("white <-> house", "summit house", id="tsquery-followed-by"),
    pytest.param("!white | house:*", "summit house", id="tsquery-operators"),
    pytest.param("'white' \\ 'house", "summit house", id="tsquery-quotes"),
    pytest.param("'; DROP TABLE records; --", "", id="sql"),
    pytest.param("white\0house", "summit", id="nul"),
    pytest.param("hippopotamus", "long", id="end-of-a-long-text"),
    pytest.param("x" * 5000, "long", id="long-word"),
    pytest.param("white " * 5000, "summit house", id="many-words"),
    pytest.param('"' + "white house " * 5000 + '"', "", id="long-phrase"),
    pytest.param("§summit", "summit", id="mark-of-the-index"),
]  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "postgresql, in parts"])
def url(
    request: pytest.FixtureRequest, lend_database: LendDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a database with a record for each of TEXTS."""
    kind, _, parts = request.param.partition(", ")
    with lend_database(kind, tmp_path_factory.mktemp("search")) as url:
        asyncio.run(_fill(url, in_parts=bool(parts)))
        yield url


async def _fill(url: str, *, in_parts: bool) -> None:
    async with Database(with_async_driver(url)) as database:
        works = await claimed(database, "https://paper.example/feed", len(TEXTS))
        articles = [
            Article(headline=headline, body_text=body, body_html=f"<p>{body}</p>") for headline, body in TEXTS.items()
        ]
        await keep(database, [saved(work, article) for work, article in zip(works, articles, strict=True)])
        if in_parts:
            await SearchUpkeep(database).run(waiting=1)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(url)) as database:
        yield database


async def found(database: Database, query: str, *, limit: int = 50) -> list[str | None]:
    async with database.read() as connection:
        return [record.article.headline for record in await search(connection, query, limit=limit)]


@pytest.mark.parametrize(("query", "headlines"), CASES)
async def test_both_databases_find_the_same(database: Database, query: str, headlines: str) -> None:
    assert sorted(map(str, await found(database, query))) == sorted(headlines.split())


async def test_words_of_the_headline_and_frequent_words_come_first(database: Database) -> None:
    assert await found(database, "house") == ["house", "summit"]  # in the headline
    assert (await found(database, "house", limit=1)) == ["house"]
    assert await found(database, "white hous*", limit=1) == ["house"]


async def test_few_texts_are_compared_with_a_phrase(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate.upgrade(empty_database_url)
    compared = []

    def content_of(row: Any) -> Mapping[str, Any]:
        compared.append(row.id)
        return content.content_of(row)

    monkeypatch.setattr(search_module, "content_of", content_of)
    # Every text has the words, none but the last has the phrase.
    texts = [f"The white boat {n} sailed past house {n} at night and was seen by {n} people" for n in range(200)]
    async with Database(with_async_driver(empty_database_url)) as database:
        await keep_texts(
            database, "https://paper.example/feed", *texts, "In the white house the boat was seen at night"
        )
        async with database.read() as connection:
            found = await search(connection, '"white house"', limit=20)
            assert [record.id for record in found] == [201]
            assert len(compared) < 40
            async with database.write() as writer:
                await writer.execute(text("DELETE FROM record_search_phrases"))
        async with database.read() as connection:  # without filters, all are compared
            for limit in (1, 20):  # the first ones that are read do not have the phrase
                assert [record.id for record in await search(connection, '"white house"', limit=limit)] == [201]


async def test_a_phrase_search_reads_few_whole_records_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = []

    def has(row: Any, phrases: Any) -> bool:
        whole.append(hasattr(row, "guid"))
        return True

    monkeypatch.setattr(search_module, "_has", has)
    monkeypatch.setattr(search_module, "_BATCH", 1)
    async with database.read() as connection:
        found = await search(connection, "white-hous*", limit=10_000)

    assert len(found) == 2
    assert sum(whole) == 1


async def test_a_record_that_changes_during_a_search_is_found_once(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate.upgrade(empty_database_url)
    monkeypatch.setattr(search_module, "_BATCH", 2)
    async with Database(with_async_driver(empty_database_url)) as database:
        await keep_texts(database, "https://paper.example/feed", *(f"The white house {n}" for n in range(4)))

        class Connection:
            """A connection; after the first statement that reads records, another one moves the last to the front."""

            def __init__(self, connection: Any) -> None:
                self._connection = connection

            def __getattr__(self, name: str) -> Any:
                return getattr(self._connection, name)

            async def execute(self, statement: Any, *args: Any) -> Any:
                result = await self._connection.execute(statement, *args)
                if "AS best" in str(statement):
                    async with database.write() as writer:
                        later = update(records).where(records.c.id == 1).values(updated_at=datetime.now(UTC))
                        await writer.execute(later)
                return result

        async with database.read() as connection:
            found = await search(Connection(connection), '"white house"', limit=4)  # type: ignore[arg-type]

    assert sorted(record.id for record in found) == [1, 2, 3, 4]

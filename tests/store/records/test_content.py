"""The content of a revision is compressed; one that is damaged costs its own record only."""

import zlib

import pytest
from sqlalchemy import update

from ingestd.articles import read
from ingestd.errors import UnreadableContent
from ingestd.model.page import Page
from ingestd.pipeline.runtime import Runtime
from ingestd.store.records import records
from ingestd.store.records.content import PACKED, pack, text_of, unpack
from ingestd.store.records.export import export
from ingestd.store.records.search import search
from ingestd.store.schema import tables
from tests.support.agency import add_inbox, ninjs, records_in, send
from tests.support.outcomes import keep_texts

VALUES = {
    "body_text": 'He said "no".\n\n東京 🚢', "body_html": "<p>He said &quot;no&quot;.</p>", "description_text": None,
    "associations": [{"href": "https://paper.example/1.jpg", "caption": None, "credit": "AP"}], "agencies": [],
    "provenance": {"headline": "json_ld"},
}  # fmt: skip

#: VALUES as the first release with contents stored them, and as it is stored now.
STORED_AS_JSON = (
    "0128b52ffd20facd020054037b485c226e6f5c222e5c6e5c6ee69db1e4baac20f09f9aa2263b6e6f2e3c2f70617065722e2f"
    "312e6a70676a736f6e5f6c64227d7d0b000083637205b7d496535c6e112a95636546af083795081a97ef705cd9bd1d940d"
)
STORED = (
    "0228b52ffd20da7d0200c4027b70617065722e2f312e6a70677d7d0a3c703e48263b6e6f2e00226e6f222e0a0ae69db1e4ba"
    "ac20f09f9aa20b003f24c717eeca0c7811ee5dae6ceb4700c0a08d5c4117b5a509975b763ae915"
)

DAMAGES = [
    pytest.param(b"", id="empty"),
    pytest.param(b"\x01", id="no frame"),
    pytest.param(b"\x03" + pack(VALUES)["content"][1:], id="a format of a newer program"),
    pytest.param(pack(VALUES)["content"][:-9], id="cut short"),
    pytest.param(b"\x01\x28\xb5\x2f\xfd" + b"\xff" * 40, id="no zstd"),
    pytest.param(zlib.compress(b"{}"), id="another compression"),
    pytest.param(b"\x01(\xb5/\xfd\xa4\xff\xff\xff\xffx", id="a size that no memory has"),
]


#: Markup and the text that it has.
MARKUPS = [
    pytest.param("", "", id="nothing"),
    pytest.param("<p>One &lt;b&gt; &amp; two.</p><p>Three</p>", "One <b> & two.\n\nThree", id="paragraphs"),
    pytest.param(
        '<h2>H</h2><ul><li>a</li><li><a href="https://x.example/?a&amp;b">b</a></li></ul><blockquote>q</blockquote>',
        "H\n\na\n\nb\n\nq",
        id="other-blocks",
    ),
    pytest.param("<pre>x = 1</pre><p><em>so</em> <strong>it</strong></p>", "x = 1\n\nso it", id="emphasis"),
]

#: Texts that are not those of their markup.
APART = [
    pytest.param("<p>one</p>", "one\ntwo", id="another-text"),
    pytest.param("<p>one</p>", "", id="no-text"),
    pytest.param("", "one", id="no-markup"),
    pytest.param("<p>one\0</p>", "one\0", id="nul-in-both"),
    pytest.param("<p>one</p>", "one\0two", id="nul-in-the-text"),
    pytest.param("<p>a\nb</p>", "a b", id="line-feed"),
]


def test_a_content_keeps_its_values() -> None:
    packed = pack({**VALUES, "headline": "No"})

    assert unpack(packed["content"]) == VALUES
    assert {name: packed[name] for name in PACKED} == PACKED
    assert packed["headline"] == "No"


@pytest.mark.parametrize(("markup", "words"), MARKUPS)
def test_the_text_of_markup_is_not_stored(markup: str, words: str) -> None:
    values = {**VALUES, "body_html": markup, "body_text": words}

    assert text_of(markup) == words
    assert unpack(pack(values)["content"]) == values


@pytest.mark.parametrize(("markup", "words"), APART)
def test_another_text_than_that_of_the_markup_is_kept(markup: str, words: str) -> None:
    values = {**VALUES, "body_html": markup, "body_text": words}

    assert unpack(pack(values)["content"]) == values


def test_an_extracted_article_has_the_text_of_its_markup() -> None:
    paragraphs = "".join(f"<p>The ferry &amp; its <em>crew</em> of {n} left the harbour today.</p>" for n in range(9))
    page = f"<article><h1>Ferry</h1>{paragraphs}<ul><li>One</li><li>Two</li></ul></article>"
    article = read(Page(url="https://paper.example/1", body=page.encode())).article

    assert article.body_text.count("\n\n") >= 8
    assert text_of(article.body_html) == article.body_text


@pytest.mark.parametrize("stored", [STORED_AS_JSON, STORED])
def test_a_content_of_an_earlier_release_is_read(stored: str) -> None:
    # Never changed: databases have contents like these.
    assert unpack(bytes.fromhex(stored)) == VALUES


async def damage(runtime: Runtime, record_id: int, content: bytes) -> None:
    async with runtime.database.write() as connection:
        of_record = tables.revisions.c.record_id == record_id
        await connection.execute(update(tables.revisions).where(of_record).values(content=content))


@pytest.mark.parametrize("content", DAMAGES)
async def test_a_damaged_content_costs_its_own_record_only(runtime: Runtime, content: bytes) -> None:
    await keep_texts(runtime.database, "https://paper.example/feed", "one ferry", "two ferries", "three ferry boats")
    await damage(runtime, 2, content)

    exported = [record async for record in export(runtime.database)]
    async with runtime.database.read() as connection:
        listed = await records.newest(connection, limit=10)
        found = await search(connection, '"ferry boats"', limit=10)
        with pytest.raises(UnreadableContent, match=r"record 2, revision 1, is damaged \(.+\): restore it"):
            await records.find(connection, "2")

    assert sorted(record.id for record in listed) == [record.id for record in exported] == [1, 3]
    assert [record.id for record in found] == [3]


async def test_a_kill_reaches_a_record_whose_content_is_damaged(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    await send(runtime, source, ninjs(version=1))
    await damage(runtime, 1, b"\x01damaged")

    await send(runtime, source, ninjs(version=2, pubstatus="canceled", body_text="", headline="KILL: mayor"))

    [record] = await records_in(runtime)
    assert (record.pubstatus, record.revision) == ("canceled", 2)

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.settings import load
from ingestd.store.database import Database
from ingestd.store.polls import source_addresses
from ingestd.store.schema.tables import sources
from tests.cli.feeds import feed
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_exported_opml_can_be_imported(papers: Papers, config: Path, tmp_path: Path) -> None:
    urls = [feed(papers, f"/{n}.xml") for n in range(3)]
    for url in urls:
        ingestd(config, "sources", "add", url, "--unchecked")
    file = tmp_path / "sources.opml"
    file.write_text(ingestd(config, "sources", "export").out)
    ingestd(config, "sources", "remove", urls[0])

    done = ingestd(config, "sources", "import", file)

    assert done.out == "1 sources added, 2 exist already\n"
    assert [row["url"] for row in ingestd(config, "sources", "list", "--json").json] == urls


def test_a_file_that_is_not_opml_is_reported(config: Path, tmp_path: Path) -> None:
    (tmp_path / "no.opml").write_text("no")

    assert ingestd(config, "sources", "import", tmp_path / "no.opml").status == 1
    assert "No such file" in ingestd(config, "sources", "import", tmp_path / "missing").error


def test_what_is_left_out_is_counted_and_named(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.opml"
    file.write_text(
        '<opml version="2.0"><body><outline text="Old" xmlUrl="gopher://a.example/"/>'
        '<outline text="Long" xmlUrl="https://a.example/' + "x" * 3000 + '"/>'
        '<outline text="Port" xmlUrl="https://a.example/rss?a=1&b=2"/></body></opml>'
    )

    done = ingestd(config, "sources", "import", file, "--json").json
    told = ingestd(config, "sources", "import", file).out

    assert (done["added"], done["already"], len(done["left_out"])) == (1, 0, 2)
    assert done["left_out"][0] == "Old: gopher://a.example/"
    assert done["left_out"][1].startswith("Long: longer than 2000 bytes: https://a.example/xxx")
    assert "1 exist already, 2 left out" in told
    assert "warning: characters that are not escaped were read as text: &b" in told


def test_a_long_list_is_compared_with_other_spellings_of_stored_addresses_at_once(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_addresses, "_PAGE", 2)
    for name in ("one", "two", "three", "removed"):
        assert ingestd(config, "sources", "add", "--unchecked", f"https://{name}.example/feed").status == 0
    spelled = {2: "https://Two.example:443/feed", 3: "https://three.example/%66eed", 4: "https://REMOVED.example/feed"}

    async def misspell() -> None:
        async with Database(load(config).async_database_url) as database, database.write() as connection:
            for number, url in spelled.items():
                await connection.execute(update(sources).where(sources.c.id == number).values(url=url))
            await connection.execute(update(sources).where(sources.c.id == 4).values(state="removed"))

    async def fail(*_: object) -> None:
        raise AssertionError("all stored addresses are searched for one")

    asyncio.run(misspell())
    monkeypatch.setattr(source_addresses, "_ids_by_spelling", fail)
    names = ["one", "two", "three", "removed", *(f"new{number}" for number in range(9))]
    file = tmp_path / "list.opml"
    outlines = "".join(f'<outline text="{name}" xmlUrl="https://{name}.example/feed"/>' for name in names)
    file.write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')

    assert ingestd(config, "sources", "import", file).out == "10 sources added, 3 exist already\n"
    assert ingestd(config, "sources", "import", file).out == "0 sources added, 13 exist already\n"
    listed = ingestd(config, "sources", "list", "--json").json
    assert {row["id"]: row["url"] for row in listed if row["id"] in spelled} == spelled
    assert len(listed) == 13

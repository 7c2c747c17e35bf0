"""Measure what it costs to place documents, beside a prototype with its state in SQLite, in one run.

python benchmarks/stories_cost.py DIR --prototype FOLDER [--rounds N] [--measured N] [--database URL]

DIR is as for `stories.py`; its documents are placed in N editions with other words.  FOLDER has durable.py and
clusters.py, whose `Durable(path, Rules()).add(document, days)` places a document.  Documents are saved 500 at a time;
ingestd places them in batches as its daemon does, then the prototype places the same.  CPU times are those of the last
`--measured` documents; every 500 documents all connections of ingestd are closed.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import stories_store
from common import print_json
from sqlalchemy import text
from stories import multiplied, read_documents

from ingestd.daemon.process_memory import freeze_objects
from ingestd.pipeline.stories.placer import Placer
from ingestd.store.database import Database

_CHUNK = 500
#: Tables that keep evidence for as long as a record lives; the others are the index, which ends with the window.
_EVIDENCE = ("copies",)


@dataclass(slots=True)
class Document:
    """A document as the prototype takes it."""

    id: int
    source: str
    headline: str | None
    body: str
    record: str | None
    provider: str | None


def prototype(folder: Path, path: Path) -> Any:
    sys.path.insert(0, str(folder))
    import clusters  # type: ignore[import-not-found]  # noqa: PLC0415 - found by the argument
    import durable  # type: ignore[import-not-found]  # noqa: PLC0415

    return durable.Durable(str(path), clusters.Rules())


def place_there(other: Any, documents: Sequence[dict[str, Any]], first: int) -> float:
    """Return the seconds of CPU that the prototype needs for some documents."""
    start = process_time()
    for number, one in enumerate(documents, first):
        days = stories_store.time(one["seen"]).timestamp() / 86_400
        made = Document(number, one["source"], one["headline"], one["body_text"], one["guid"], one["provider"])
        other.add(made, days)
    other.db.commit()
    return process_time() - start


async def place_here(
    url: str, documents: Sequence[dict[str, Any]], some: Sequence[dict[str, Any]], known: Any
) -> float:
    """Save documents; return the seconds of CPU that ingestd needs to place them."""
    async with stories_store.open_database(url, base=1) as database:
        writer = stories_store.Writer(database, known=known)
        await writer.add_sources(documents)
        await writer.save(some)
        placer = Placer(database)
        start = process_time()
        await placer.place_all()
        return process_time() - start


async def sizes(database: Database) -> dict[str, int]:
    """Return the bytes of the tables of stories, each with its indexes."""
    names = ("shingles", "story_samples", "story_keys", "stories", "copies")
    async with database.read() as connection:
        if database.dialect == "postgresql":
            query = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
        else:
            query = text(
                "SELECT SUM(pgsize) FROM dbstat JOIN sqlite_master USING (name) WHERE sqlite_master.tbl_name = :name"
            )
        return {name: int((await connection.execute(query, {"name": name})).scalar_one()) for name in names}


async def run(chosen: argparse.Namespace, folder: Path) -> None:
    documents = multiplied(read_documents(chosen.folder), chosen.rounds)
    url = chosen.database or f"sqlite:///{folder}/stories.db"
    other = prototype(chosen.prototype, folder / "prototype.db")
    known: dict[Any, Any] = {}
    here: list[float] = []
    there: list[float] = []
    for first in range(0, len(documents), _CHUNK):
        some = documents[first : first + _CHUNK]
        here.append(1000 * await place_here(url, documents, some, known) / len(some))
        there.append(1000 * place_there(other, some, first + 1) / len(some))
    last = max(1, chosen.measured // _CHUNK)
    ratios = [mine / theirs for mine, theirs in zip(here, there, strict=True)]
    async with stories_store.open_database(url) as database:
        found = await sizes(database)
    by_table = {name: round(size / len(documents)) for name, size in found.items()}
    print_json(
        documents=len(documents),
        cpu_ms=round(sum(here[-last:]) / len(here[-last:]), 3),
        prototype_ms=round(sum(there[-last:]) / len(there[-last:]), 3),
        ratio=round(sum(here[-last:]) / sum(there[-last:]), 3),
        median_ratio=round(median(ratios[-last:]), 3),
        bytes_a_document=by_table,
        index_bytes=sum(size for name, size in by_table.items() if name not in _EVIDENCE),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--prototype", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="Editions of the documents.")
    parser.add_argument("--measured", type=int, default=10_000, metavar="N", help="Documents, the last ones.")
    parser.add_argument("--database", metavar="URL", help="An empty database; else a new SQLite file.")
    chosen = parser.parse_args()
    freeze_objects()  # the garbage collector runs as seldom as in the daemon
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(chosen, Path(folder)))


if __name__ == "__main__":
    main()

"""Place a folder of documents in stories, trace their lineage, and score both where the truth is known.

python benchmarks/stories.py DIR [--predictions OUT] [--database URL] [--restart N] [--writers N] [--shuffle HOURS]
python benchmarks/stories.py --drawn N [--size N] [--memory]

DIR has docs.jsonl: documents in the order in which they arrive, one JSON object a line, with id, seen, source,
body_text, and, where they are known, published, language, headline, byline, dateline, guid, version, provider,
pubstatus.  They are saved and placed by the product's own code (`stories_store.py`), in a new SQLite file or in the
empty database at URL, 25 at a time.  Every 500 documents all connections are closed and nothing is left in memory; two
placers work at once.  With --memory the pure steps run over dictionaries, in a quarter of the time: documents with one
guid are revisions of a record, documents with an equal text carriers of one.

In place of DIR, --drawn makes N sets of invented documents (`tests/support/drawn_stories.py`), in seven languages.

With truth.jsonl and pairs.jsonl beside it the table of figures is printed, and the exit status is 1 where one misses
what it must reach.  OUT gets a line for each document: its id, cluster, origin (an id, a list of ids, or null), first
carrier, and the copy it was copied from (via).
"""

import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any, TypeAlias

import stories_store
from common import print_json
from stories_score import rows, score

from ingestd.articles.agencies.credit_lines import credited
from ingestd.articles.agencies.own_documents import own_agency
from ingestd.likeness.content_hash import content_hash
from ingestd.likeness.lineage import first_carrier, texts_needed, trace
from ingestd.likeness.named_publishers import named_publishers
from ingestd.likeness.tellers import Lineage, Teller
from tests.support.drawn_stories import Draw
from tests.support.memory_stories import MemoryStories

Lines: TypeAlias = Sequence[Mapping[str, Any]]
#: Fields that a document has where they are known.
_MAY_LACK = ("published", "language", "headline", "byline", "dateline", "guid", "version", "provider", "pubstatus")
#: Words that editions change.
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
#: How a source of the set is named that is an agency's own site.
OWN_SITE = "-online.example"


@dataclass(frozen=True, slots=True)
class Placed:
    """A document as the store has it: a revision or a carrier of a record."""

    id: str
    record: int
    #: Number of the carrier; 0 for the record's own revisions.
    carrier: int


@dataclass
class Desk:
    """Makes records of documents, and places them."""

    stories: MemoryStories = field(default_factory=MemoryStories)
    by_guid: dict[str, int] = field(default_factory=dict)
    by_text: dict[str, int] = field(default_factory=dict)
    placed: list[Placed] = field(default_factory=list)
    tellers: dict[tuple[int, int], Teller] = field(default_factory=dict)
    records: int = 0

    def add(self, document: Mapping[str, Any]) -> None:
        text, guid, seen = document["body_text"], document["guid"], time(document["seen"])
        digest = content_hash(text, headline=document["headline"])
        record = self.by_guid.get(guid) if guid else None
        holder = None if record or not text or document["provider"] else self.by_text.get(digest)
        number = record or holder
        if number is None:
            self.records = number = self.records + 1
        carrier = len(self.placed) + 1 if holder else 0
        if guid and not carrier:  # a carrier whose text changes later becomes a record of its own
            self.by_guid.setdefault(guid, number)
        if text:
            self.by_text.setdefault(digest, number)
        self.placed.append(Placed(document["id"], number, carrier))
        told = teller(document, number, carrier)
        before = self.tellers.get((number, carrier))
        self.tellers[number, carrier] = replace(before, credits=before.credits | told.credits) if before else told
        if not carrier:
            self.stories.add(number, text, seen, publisher=document["source"], headline=document["headline"])

    def lineages(self) -> Iterator[tuple[list[Teller], list[Lineage]]]:
        """Yield the tellers of each story with the lineage of each."""
        groups: dict[int, list[Teller]] = defaultdict(list)
        for told in self.tellers.values():
            groups[self.stories.story_of[told.record]].append(told)
        texts = {key.record: text for key, text in self.stories.texts.items()}
        for story, tellers in groups.items():
            found = []
            for told in tellers:
                also = self.stories.placements[told.record].evidence.also
                others = [(other, share) for one, share in also if one != story for other in groups.get(one, ())]
                needed = {record: texts[record] for record in texts_needed([told], tellers) if record in texts}
                found += trace([told], tellers, texts=needed, others=[pair for pair in others if pair[0].agency])
            yield tellers, found

    def predictions(self) -> Iterator[dict[str, Any]]:
        ids: dict[tuple[int, int], str] = {}
        for one in self.placed:
            ids.setdefault((one.record, one.carrier), one.id)
        lines = {}
        for tellers, lineages in self.lineages():
            first = first_carrier(tellers)
            for found in lineages:
                origins = [ids[origin.record, origin.carrier] for origin in found.origins]
                lines[found.teller.record, found.teller.carrier] = {
                    "cluster": self.stories.story_of[found.teller.record],
                    "origin": origins[0] if len(origins) == 1 else origins or None,
                    "first": ids[first.record, first.carrier] if first else None,
                    "via": ids[found.via.record, found.via.carrier] if found.via else None,
                }
        for one in self.placed:
            yield {"id": one.id, **lines[one.record, one.carrier]}


def teller(document: Mapping[str, Any], record: int, carrier: int) -> Teller:
    source, printed = document["source"], document["published"]
    site = source.removesuffix(OWN_SITE) if source.endswith(OWN_SITE) else None
    return Teller(
        record=record,
        carrier=carrier,
        publisher=source,
        agency=own_agency(provider=document["provider"] or site, site=None, source=None),
        credits=credited(document["body_text"], dateline_line=document["dateline"], byline=document["byline"]),
        named=named_publishers(document["body_text"]),
        seen=time(document["seen"]),
        printed=time(printed) if printed and "T" in printed else None,
    )


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shuffled(documents: Sequence[dict[str, Any]], hours: float, seed: int) -> list[dict[str, Any]]:
    """Return the documents, each seen up to so many hours later, in their new order."""
    chance = random.Random(seed)
    later = [time(one["seen"]) + timedelta(hours=chance.uniform(0, hours)) for one in documents]
    order = sorted(range(len(documents)), key=lambda number: later[number])
    return [{**documents[number], "seen": later[number].isoformat()} for number in order]


def multiplied(documents: Sequence[dict[str, Any]], rounds: int) -> list[dict[str, Any]]:
    """Return so many editions of the documents, in order of time: each has other words, and stories of its own."""
    editions = [_edition(one, number) for number in range(rounds) for one in documents]
    return sorted(editions, key=lambda one: time(one["seen"]))


def _edition(one: dict[str, Any], number: int) -> dict[str, Any]:
    if not number:
        return one
    ending = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    said = {
        name: _LONG_WORD.sub(lambda word: word[0] + ending, one[name])
        for name in ("headline", "body_text")
        if one[name]
    }
    guid = f"{one['guid']}-{number}" if one["guid"] else None
    return {**one, **said, "id": f"{one['id']}-{number}", "guid": guid}


def read_documents(folder: Path) -> list[dict[str, Any]]:
    """Return the documents of a folder; fields that one lacks are None."""
    return [dict.fromkeys(_MAY_LACK) | one for one in read(folder / "docs.jsonl")]


def read(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def write(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def in_memory(documents: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    desk = Desk(MemoryStories(base=seed))
    start = process_time()
    for document in documents:
        desk.add(document)
    placing = process_time() - start
    predictions = [*desk.predictions()]
    tracing = process_time() - start - placing
    print_json(
        documents=len(documents),
        records=desk.records,
        stories=len(set(desk.stories.story_of.values())),
        merges=desk.stories.merges,
        placing_ms=round(1000 * placing / len(documents), 3),
        tracing_ms=round(1000 * tracing / len(documents), 3),
    )
    return predictions


def in_database(documents: Sequence[dict[str, Any]], chosen: argparse.Namespace) -> list[dict[str, Any]]:
    async def run(url: str) -> list[dict[str, Any]]:
        entry_of, used = await stories_store.place(
            url,
            documents,
            restart=chosen.restart,
            writers=chosen.writers,
            together=chosen.together,
            base=chosen.seed,
        )
        lines = await stories_store.predictions(url, documents, entry_of)
        milliseconds = {name: round(1000 * seconds / len(documents), 3) for name, seconds in used.items()}
        print_json(documents=len(documents), stories=len({line["cluster"] for line in lines}), cpu_ms=milliseconds)
        return lines

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(chosen.database or f"sqlite:///{folder}/stories.db"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR")
    parser.add_argument("--drawn", type=int, default=0, metavar="N", help="Score N sets of invented documents.")
    parser.add_argument("--size", type=int, default=110, metavar="N", help="Originals of a drawn set.")
    parser.add_argument("--predictions", type=Path, metavar="OUT")
    parser.add_argument(
        "--memory", action="store_true", help="Run the pure steps over dictionaries, without a database."
    )
    parser.add_argument("--database", metavar="URL", help="An empty database; else a new SQLite file.")
    parser.add_argument("--restart", type=int, default=500, metavar="N", help="Forget everything every N documents.")
    parser.add_argument("--writers", type=int, default=2, metavar="N")
    parser.add_argument("--together", type=int, default=25, metavar="N", help="Documents saved before they are placed.")
    parser.add_argument("--shuffle", type=float, default=0.0, metavar="HOURS", help="Let documents arrive late.")
    parser.add_argument(
        "--rounds", type=int, default=1, metavar="N", help="Place N editions of the documents, unscored."
    )
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.drawn:
        return max(score_drawn(seed, chosen) for seed in range(1, chosen.drawn + 1))
    if not chosen.folder:
        parser.error("DIR or --drawn is required")
    predictions = predicted(read_documents(chosen.folder), chosen)
    if chosen.predictions:
        write(chosen.predictions, predictions)
    if chosen.rounds > 1 or not (chosen.folder / "truth.jsonl").exists():
        return 0
    return print_table(read(chosen.folder / "truth.jsonl"), read(chosen.folder / "pairs.jsonl"), predictions)


def predicted(documents: list[dict[str, Any]], chosen: argparse.Namespace) -> list[dict[str, Any]]:
    """Place documents as the command line says; return a line for each."""
    if chosen.shuffle:
        documents = shuffled(documents, chosen.shuffle, chosen.seed)
    if chosen.rounds > 1:
        documents = multiplied(documents, chosen.rounds)
    return in_memory(documents, chosen.seed) if chosen.memory else in_database(documents, chosen)


def score_drawn(seed: int, chosen: argparse.Namespace) -> int:
    draw = Draw(seed, chosen.size)
    print(f"draw {seed}")
    return print_table(draw.truth, draw.pairs, predicted(draw.documents, chosen))


def print_table(truth: Lines, pairs: Lines, predictions: Lines) -> int:
    """Print the figures; return 1 where one misses what it must reach."""
    table = [*rows(score(truth, pairs, {one["id"]: one for one in predictions}))]
    for row in table:
        print(f"| {row.name} | {row.value:.4f} | {row.must} | {row.aim} | {row.verdict} |")
    return int(any(row.verdict == "missed" for row in table))


if __name__ == "__main__":
    sys.exit(main())

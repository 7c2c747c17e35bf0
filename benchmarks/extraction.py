"""Score extraction on a corpus of saved pages, and compare its CPU time with trafilatura on the same pages.

python benchmarks/extraction.py CORPUS_DIR [--rounds N] [--bootstrap N] [--folds N]

CORPUS_DIR has ID.html.gz and ID.json (directly or in `articles`) and `score_articles.py`, which computes the figures.
CPU time is that of this process; both extract each page in turn, and take turns at being first.
Folds by publisher show the spread of the figures; confidence intervals come from resampled publishers.
"""

import argparse
import gzip
import hashlib
import importlib.util
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import Any

import trafilatura
from common import print_json
from trafilatura.settings import Document

from ingestd import urls
from ingestd.articles import ExtractionResult, read
from ingestd.cli.clean.batch_line import batch_line
from ingestd.errors import IngestError
from ingestd.model.page import Page

Prediction = Mapping[str, Any]
#: The figures by source: over n-grams for sources with whole bodies, over snippets for the others.
MEASURES = {
    "scrapinghub": ("body_f1",),
    "fundus": ("body_f1", "title_eq", "author_f1", "day", "minute", "lang"),
    "trafilatura": ("snip_f1",),
}
#: The fields that the scorer collects in lists.
LISTS = ("body", "title_exact", "author", "day", "minute", "language")


def scorer(corpus: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_articles", corpus / "score_articles.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"no score_articles.py in {corpus}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their module
    spec.loader.exec_module(module)
    return module


def ours(page: Page) -> ExtractionResult | IngestError:
    try:
        return read(page)
    except IngestError as error:
        return error


def theirs(page: Page) -> Prediction:
    found = trafilatura.bare_extraction(page.body, with_metadata=True)
    return found.as_dict() if isinstance(found, Document) else {}


def _their_fields(found: Prediction) -> Prediction:
    authors = [name.strip() for name in (found.get("author") or "").split(";") if name.strip()]
    return {"authors": authors, "published": found.get("date") or "", "language": found.get("language") or ""}


def spent(work: Callable[[Page], Any], page: Page) -> tuple[Any, float]:
    begun = process_time()
    done = work(page)
    return done, process_time() - begun


def extract_all(pages: Mapping[str, Page], rounds: int) -> tuple[dict[str, Prediction], dict[str, Prediction]]:
    """Extract every page with both extractors, print their CPU times, and return our predictions and theirs."""
    own: dict[str, Prediction] = {}
    other: dict[str, Prediction] = {}
    cpu: list[tuple[float, float]] = []
    for page in list(pages.values())[:20]:  # warm
        ours(page), theirs(page)
    for number in range(rounds):
        sums = [0.0, 0.0]
        for key, page in pages.items():
            for at in (0, 1) if number % 2 == 0 else (1, 0):
                done, seconds = spent((ours, theirs)[at], page)
                sums[at] += seconds
                if at == 0:
                    own[key] = batch_line(Path(f"{key}.html"), done)
                else:
                    other[key] = {
                        "id": key,
                        "title": done.get("title"),
                        "body": done.get("text"),
                        **_their_fields(done),
                    }
        cpu.append((1000 * sums[0] / len(pages), 1000 * sums[1] / len(pages)))
        print_json(round=number + 1, ours_ms=cpu[-1][0], trafilatura_ms=cpu[-1][1], ratio=cpu[-1][0] / cpu[-1][1])
    print_json(cpu_ratio=statistics.median(ours / theirs for ours, theirs in cpu))
    return own, other


def score_each(
    score: ModuleType, corpus: Mapping[str, Prediction], predictions: Mapping[str, Prediction]
) -> dict[str, Any]:
    """Score every page once: counting its n-grams for each resampling would take hours."""
    scores: dict[str, Any] = {key: score.Scores() for key in corpus}
    for key, found in scores.items():
        found.add(corpus[key], predictions[key])
    return scores


def figures(
    score: ModuleType, corpus: Mapping[str, Prediction], keys: Iterable[str], each: Mapping[str, Any]
) -> dict[str, float]:
    """Return the figures of each source over the pages with `keys`, which may repeat."""
    sums: dict[str, Any] = defaultdict(score.Scores)
    for key in keys:
        found = sums[corpus[key]["source"]]
        for name in LISTS:
            getattr(found, name).extend(getattr(each[key], name))
        found.snippet = [old + new for old, new in zip(found.snippet, each[key].snippet, strict=True)]
    rows = {source: found.row() for source, found in sums.items()}
    named = {f"{source} {name}": rows[source][name] for source in rows for name in MEASURES.get(source, ())}
    return {name: value for name, value in named.items() if value is not None}


def publishers(corpus: Mapping[str, Prediction]) -> list[list[str]]:
    """Return the ids of pages grouped by publisher, the registrable domain of their URL."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key, want in corpus.items():
        groups[urls.site(want["url"]) or key].append(key)
    return list(groups.values())


def by_fold(groups: list[list[str]], count: int) -> list[list[str]]:
    folds: list[list[str]] = [[] for _ in range(count)]
    for keys in groups:
        folds[int(hashlib.sha1(min(keys).encode(), usedforsecurity=False).hexdigest(), 16) % count] += keys
    return folds


def interval(
    score: ModuleType,
    corpus: Mapping[str, Prediction],
    groups: list[list[str]],
    each: Mapping[str, Any],
    times: int,
) -> None:
    """Print 95 % intervals of the figures by resampling publishers with all their pages, with a fixed seed."""
    rng = random.Random(0)
    drawn: dict[str, list[float]] = defaultdict(list)
    for _ in range(times):
        keys = [key for group in rng.choices(groups, k=len(groups)) for key in group]
        for name, value in figures(score, corpus, keys, each).items():
            drawn[name].append(value)
    for name, values in sorted(drawn.items()):
        values.sort()
        print_json(figure=name, low=values[int(0.025 * len(values))], high=values[int(0.975 * len(values))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bootstrap", type=int, default=200)
    parser.add_argument("--folds", type=int, default=5)
    args = parser.parse_args()
    score = scorer(args.corpus)
    corpus = score.read_corpus(args.corpus)
    folder = args.corpus / "articles" if (args.corpus / "articles").is_dir() else args.corpus
    pages = {
        key: Page(url=want["url"], body=gzip.decompress((folder / f"{key}.html.gz").read_bytes()))
        for key, want in corpus.items()
    }
    own, other = extract_all(pages, args.rounds)
    print(score.render(score.evaluate(corpus, other), 0).replace("source ", "theirs ", 1))
    print(score.render(score.evaluate(corpus, own), 0).replace("source ", "ours   ", 1))
    groups, each = publishers(corpus), score_each(score, corpus, own)
    for number, keys in enumerate(by_fold(groups, args.folds)):
        print_json(fold=number + 1, pages=len(keys), **figures(score, corpus, keys, each))
    interval(score, corpus, groups, each, args.bootstrap)


if __name__ == "__main__":
    main()

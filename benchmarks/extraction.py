"""Score extraction on a corpus of saved pages, and compare its CPU time with trafilatura on the same pages.

python benchmarks/extraction.py [CORPUS_DIR] [--rounds N] [--bootstrap N] [--folds N]

CORPUS_DIR, or the environment variable CORPUS_DIR, has ID.html.gz and ID.json (directly or in `articles`) and
`score_articles.py`, which computes the figures.  The last thing printed is the table of README.md.
CPU time is that of this process; both extract each page in turn, and take turns at being first.
Folds by publisher show the spread of the figures; confidence intervals come from resampled publishers.
"""

import argparse
import gzip
import hashlib
import importlib.util
import os
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
from ingestd.articles import read
from ingestd.articles.assemble import ExtractionResult
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
#: The rows of the table: name, figure, the least that is required, the goal.
ROWS = (
    ("body F1, scrapinghub", "scrapinghub body_f1", 0.968, 0.980),
    ("body F1, Fundus", "fundus body_f1", 0.968, 0.970),
    ("snippets F1, trafilatura's pages", "trafilatura snip_f1", 0.942, 0.950),
    ("headline exact, Fundus", "fundus title_eq", 0.86, 0.90),
    ("authors F1, Fundus", "fundus author_f1", 0.915, 0.92),
    ("day, Fundus", "fundus day", 0.994, 0.995),
    ("minute, Fundus", "fundus minute", 0.965, 0.98),
    ("language, Fundus", "fundus lang", 1.0, 1.0),
)
#: The largest share of trafilatura's CPU time a page.
MAX_CPU_RATIO = 0.55
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


def extract_all(
    pages: Mapping[str, Page], rounds: int
) -> tuple[dict[str, Prediction], dict[str, Prediction], list[tuple[float, float]]]:
    """Extract every page with both extractors, print and return their CPU times, and return our predictions and theirs.

    CPU times are in milliseconds a page, ours and theirs for each round.
    """
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
    return own, other, cpu


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


def intervals(
    score: ModuleType,
    corpus: Mapping[str, Prediction],
    groups: list[list[str]],
    each: Mapping[str, Any],
    times: int,
) -> dict[str, tuple[float, float]]:
    """Return 95 % intervals of the figures by resampling publishers with all their pages, with a fixed seed."""
    rng = random.Random(0)
    drawn: dict[str, list[float]] = defaultdict(list)
    for _ in range(times):
        keys = [key for group in rng.choices(groups, k=len(groups)) for key in group]
        for name, value in figures(score, corpus, keys, each).items():
            drawn[name].append(value)
    return {
        name: (sorted(values)[int(0.025 * len(values))], sorted(values)[int(0.975 * len(values))])
        for name, values in sorted(drawn.items())
    }


def table(
    own: Mapping[str, float],
    other: Mapping[str, float],
    folds: list[dict[str, float]],
    bounds: Mapping[str, tuple[float, float]],
    cpu: list[tuple[float, float]],
) -> str:
    """Return the table of README.md: requirement, result, its interval and its spread over folds, and goal."""
    lines = [
        "| | trafilatura | must | result | 95 % over publishers | folds by publisher | aim |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figure, must, aim in ROWS:
        spread = [fold[figure] for fold in folds if figure in fold]
        low, high = bounds[figure]
        result = f"**{own[figure]:.4f}**" if round(own[figure], 4) >= must else f"{own[figure]:.4f} (below)"
        lines.append(
            f"| {name} | {other.get(figure, 0):.4f} | {must:.3f} | {result} | {low:.3f}–{high:.3f} "
            f"| {min(spread):.3f}–{max(spread):.3f} | {aim:.3f} |"
        )
    ratios = sorted(ours / theirs for ours, theirs in cpu)
    ratio = statistics.median(ratios)
    shown = f"**{ratio:.3f}**" if ratio <= MAX_CPU_RATIO else f"{ratio:.3f} (above)"
    ours_ms, theirs_ms = (statistics.median(one) for one in zip(*cpu, strict=True))
    lines.append(
        f"| CPU a page, all fields ({ours_ms:.1f} to {theirs_ms:.1f} ms) | 1 | ≤ {MAX_CPU_RATIO} "
        f"| {shown} | {ratios[0]:.3f}–{ratios[-1]:.3f} (rounds) | | |"
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=os.environ.get("CORPUS_DIR"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bootstrap", type=int, default=200)
    parser.add_argument("--folds", type=int, default=5)
    args = parser.parse_args()
    if args.corpus is None:
        parser.error("no CORPUS_DIR")
    score = scorer(args.corpus)
    corpus = score.read_corpus(args.corpus)
    folder = args.corpus / "articles" if (args.corpus / "articles").is_dir() else args.corpus
    pages = {
        key: Page(url=want["url"], body=gzip.decompress((folder / f"{key}.html.gz").read_bytes()))
        for key, want in corpus.items()
    }
    own, other, cpu = extract_all(pages, args.rounds)
    print(score.render(score.evaluate(corpus, other), 0).replace("source ", "theirs ", 1))
    print(score.render(score.evaluate(corpus, own), 0).replace("source ", "ours   ", 1))
    groups, each = publishers(corpus), score_each(score, corpus, own)
    parts = [figures(score, corpus, keys, each) for keys in by_fold(groups, args.folds)]
    bounds = intervals(score, corpus, groups, each, args.bootstrap)
    theirs_each = score_each(score, corpus, other)
    print(table(figures(score, corpus, corpus, each), figures(score, corpus, corpus, theirs_each), parts, bounds, cpu))


if __name__ == "__main__":
    main()

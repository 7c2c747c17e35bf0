"""Compare the CPU time of cleaning a saved page, all fields, with that of trafilatura with metadata.

python benchmarks/cleaning.py DIR [--rounds N] [--pages N]

DIR has ID.html.gz and ID.json with the `url` of each page; of many pages, N are taken at equal distances.  Both clean
each page in turn, and take turns at being first.
"""

import argparse
import gzip
import json
from pathlib import Path

from common import print_figure, print_json
from expectations import Unexpected, expect, run
from extraction import ours, spent, theirs

from ingestd.errors import IngestError
from ingestd.model.page import Page

#: The least share of pages in which both find a text.
LEAST = 0.9


def saved_pages(folder: Path, count: int) -> list[Page]:
    files = sorted(folder.glob("*.html.gz"))
    expect("whether there are saved pages", bool(files), True)
    chosen = files[:: max(1, len(files) // count)][:count]
    return [
        Page(
            url=json.loads(path.with_name(path.name.removesuffix(".html.gz") + ".json").read_text())["url"],
            body=gzip.decompress(path.read_bytes()),
        )
        for path in chosen
    ]


def main(folder: Path, rounds: int, count: int) -> None:
    pages, ratios = saved_pages(folder, count), []
    for page in pages[:20]:  # warm
        ours(page), theirs(page)
    for number in range(rounds):
        seconds, texts = [0.0, 0.0], [0, 0]
        for at, page in enumerate(pages):
            for which in (0, 1) if (number + at) % 2 == 0 else (1, 0):
                done, took = spent((ours, theirs)[which], page)
                seconds[which] += took
                texts[which] += bool(done.get("text")) if which else not isinstance(done, IngestError)
        if min(texts) < LEAST * len(pages):
            raise Unexpected(
                f"texts were found in {texts[0]} and {texts[1]} of {len(pages)} pages; nothing was measured"
            )
        ratios.append(seconds[0] / seconds[1])
        print_json(ours_ms=seconds[0] / len(pages) * 1e3, trafilatura_ms=seconds[1] / len(pages) * 1e3)
    print_figure(
        "CPU of cleaning a saved page, all fields", ratios, of=f"trafilatura with metadata, {len(pages)} pages"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--pages", type=int, default=1000)
    args = parser.parse_args()
    run(lambda: main(args.folder, args.rounds, args.pages))

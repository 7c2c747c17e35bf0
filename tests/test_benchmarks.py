"""The benchmarks fail unless they measured what they say."""

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.databases import make_database

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)


@pytest.fixture
def wire() -> Iterator[Any]:
    from site_server import Site, serve_site  # noqa: PLC0415

    with serve_site(Site(feeds=1, entries=3)) as base:
        yield base


def get(url: str, **headers: str) -> Any:
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30)


@pytest.mark.parametrize("path", ["/robots.txt", "/feed/0", "/a/1"])
@pytest.mark.parametrize(
    ("validator", "condition"), [("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")]
)
def test_the_site_answers_a_conditional_request_with_304(wire: Any, path: str, validator: str, condition: str) -> None:
    reply = get(wire + path)
    assert reply.read()

    with pytest.raises(urllib.error.HTTPError, match="304"):
        get(wire + path, **{condition: reply.headers[validator]})
    assert get(wire + path, **{condition: '"other"'}).status == 200


def test_a_published_entry_changes_the_feed_and_its_validators(wire: Any) -> None:
    before = get(wire + "/feed/0")
    wire.publish(1)

    after = get(wire + "/feed/0", **{"If-None-Match": before.headers["ETag"]})
    assert after.status == 200
    assert b"tag:0:3" in after.read()
    assert wire.take_counts() == {"feed 200": 2}


def test_the_site_redirects_and_counts_its_answers(wire: Any) -> None:
    assert get(wire + "/go/0").url == wire + "/a/0"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(wire + "/none")

    assert wire.take_counts() == {"redirect": 1, "page 200": 1, "404": 1}
    assert wire.take_counts() == {}


def test_pages_that_robots_txt_does_not_allow_for_are_no_records() -> None:
    import end_to_end  # noqa: PLC0415 - only there is benchmarks on the path
    from expectations import Unexpected  # noqa: PLC0415
    from site_server import Site, serve_site  # noqa: PLC0415

    site = Site(feeds=2, entries=2, robots=False)
    with serve_site(site) as wire, pytest.raises(Unexpected, match="RobotsUnreachable"):
        asyncio.run(end_to_end.ingest(wire, site, ""))


def test_what_is_unexpected_ends_a_benchmark_with_a_sentence() -> None:
    script = "import expectations as e; e.run(lambda: e.expect('rows of records', 3, 4))"
    done = subprocess.run([sys.executable, "-c", script], cwd=BENCHMARKS, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.endswith("rows of records: expected 4, found 3; nothing was measured\n")


async def test_replays_differ_by_what_was_answered_and_not_by_database(tmp_path: Path, postgresql_server: str) -> None:
    from replay import Replay  # noqa: PLC0415
    from replay_papers import Answer  # noqa: PLC0415

    def changed(host: str, path: str, _round: int, answer: Answer) -> Answer:
        if (host, path) != ("paper1.example", "/news/3"):
            return answer
        at = answer.body.index(b"</article>") - len("x.</p>")
        return replace(answer, body=answer.body[:at] + b"#" + answer.body[at + 1 :])

    async def lines(name: str, database_url: str, change: Any = None) -> set[str]:
        (tmp_path / name).mkdir()
        replay = Replay(rounds=2, papers=6, samples=None)
        replay.web.change = change or replay.web.change
        found = await replay.run(database_url, tmp_path / name)
        assert replay.web.answers > 100
        return set(found)

    before = await lines("one", f"sqlite:///{tmp_path}/one.db")
    on_postgresql = await lines("two", make_database(postgresql_server, f"replay_{uuid4().hex}"))
    after = await lines("three", f"sqlite:///{tmp_path}/three.db", changed)

    assert sorted(on_postgresql ^ before) == []
    differing = before ^ after
    assert {line.split(" ")[0] for line in differing} >= {"revisions", "raws", "archive", "texts"}
    assert all("paper1.example" in line for line in differing if not line.startswith(("raws ", "texts ")))


def test_a_dump_replaces_numbers_in_sentences_of_ingestd_and_not_in_texts() -> None:
    from replay_dump import Names  # noqa: PLC0415

    names = Names([], [])

    assert names.of("reason", "record 12: found by repair of gap 3: 2 entries") == (
        "record N: found by repair of gap N: 2 entries"
    )
    assert names.of("body_text", "a record 80 million votes") == "a record 80 million votes"


def test_a_document_of_stories_may_lack_what_is_not_known(tmp_path: Path) -> None:
    from stories import in_memory, read_documents  # noqa: PLC0415

    text = "The harbour of Sarola was closed on Monday after a fire on the north quay, its master said on Tuesday."
    lines = [
        {"id": f"d{number}", "seen": f"2026-06-01T0{number}:00:00Z", "source": "paper.example", "body_text": text}
        for number in (1, 2)
    ]
    (tmp_path / "docs.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    first, second = in_memory(read_documents(tmp_path), 1)

    assert first["cluster"] == second["cluster"]

import json
from pathlib import Path

import pytest

from tests.backfill.backfills import atom, page
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_a_record_is_shown_with_its_revisions(kept: Path, papers: Papers) -> None:
    by_number = ingestd(kept, "records", "show", "1", "--json").json
    by_address = ingestd(kept, "records", "show", by_number["uri"], "--json").json
    revisions = ingestd(kept, "records", "show", by_number["guid"], "--revisions", "--json").json

    assert by_number == by_address
    assert [revision["revision"] for revision in revisions] == [1]
    text = ingestd(kept, "records", "show", "1").out
    assert all(paragraph in text.splitlines() for paragraph in by_number["body_text"].split("\n\n"))
    assert all(carrier["url"] in text for carrier in by_number["carriers"])
    assert ingestd(kept, "records", "show", "999").status == 2


def test_diff_shows_what_each_revision_changed(papers: Papers, config: Path) -> None:
    link = papers.publish("/1", page("Ferry", 1))
    ingestd(config, "sources", "add", papers.publish("/feed.xml", atom(link)), "--unchecked")
    ingestd(config, "poll", 1)
    papers.publish("/1", page("Ferry", 1).replace(b"on Monday", b"on Tuesday"))
    papers.publish("/feed.xml", atom(link).replace(b"T12:00", b"T13:00"))
    ingestd(config, "poll", 1)

    shown = ingestd(config, "records", "show", "1", "--diff").out.splitlines()
    [printed] = ingestd(config, "records", "show", "1", "--diff", "--json").json

    assert shown[0].startswith("revision 2, text, ")
    assert [line[0] for line in shown if "harbour master" in line] == ["-", "+"]
    assert [line for line in shown if line.startswith("+")][-1].count("on Tuesday") == 1
    assert (printed["revision"], printed["change"], printed["diff"]) == (2, "text", shown[1:])


@pytest.mark.parametrize(
    ("as_of", "revision", "headline", "carriers"),
    [
        pytest.param("2026-01-31T12:00:00Z", 1, "Ferry", ["one"], id="at-once"),
        pytest.param("2026-01-31T12:59:59Z", 1, "Ferry", ["one"], id="before-it-was-carried"),
        pytest.param("2026-01-31T14:00:00+01:00", 1, "Ferry", ["one", "two"], id="carried-by-another-zone"),
        pytest.param("2026-01-31T14:00:00.5Z", 1, "Ferry", ["one", "two"], id="within-the-second"),
        pytest.param("2026-01-31T14:00:00Z", 2, "Ferry again", ["one", "two"], id="as-its-time-is-printed"),
        pytest.param("1m", 2, "Ferry again", ["one", "two", "three"], id="so-long-ago"),
    ],
)
def test_as_of_shows_a_record_as_it_was(
    revised: Path, as_of: str, revision: int, headline: str, carriers: list[str]
) -> None:
    now = ingestd(revised, "records", "show", "1", "--json").json
    then = ingestd(revised, "records", "show", "1", "--as-of", as_of, "--json").json

    assert (then["revision"], then["headline"], then["body_text"]) == (revision, headline, headline)
    assert [carrier["source_url"] for carrier in then["carriers"]] == [
        f"https://{one}.example/feed" for one in carriers
    ]
    assert then.keys() == now.keys()
    assert then["guid"] == now["guid"]


def test_as_of_limits_revisions_and_differences(revised: Path) -> None:
    def shown(*arguments: str) -> list[int]:
        found = ingestd(revised, "records", "show", "1", "--json", *arguments).json
        return [one["revision"] for one in found]

    assert shown("--revisions", "--as-of", "2026-01-31T13:30Z") == [1]
    assert shown("--diff", "--as-of", "2026-01-31T13:30Z") == []
    assert shown("--revisions", "--as-of", "2026-01-31T14:00Z") == [1, 2]
    assert shown("--diff", "--as-of", "2026-01-31T14:00Z") == [2]


@pytest.mark.parametrize("also", [(), ("--revisions",), ("--diff",)], ids=["itself", "revisions", "diff"])
def test_a_record_that_did_not_exist_yet_is_a_usage_error(revised: Path, also: tuple[str, ...]) -> None:
    done = ingestd(revised, "records", "show", "1", *also, "--as-of", "2026-01-31T11:59:59Z")

    assert (done.status, done.out) == (2, "")
    assert "did not exist at 2026-01-31T11:59:59Z; it was saved at 2026-01-31T12:00:00Z" in done.error


def test_evidence_of_a_withdrawal_is_shown(lost: Path) -> None:
    shown = ingestd(lost, "records", "show", "1", "--json").json
    before = ingestd(lost, "records", "show", "1", "--as-of", "2026-01-31T12:30Z", "--json").json

    assert (shown["pubstatus"], shown["gone_since"], shown["body_text"]) == ("usable", "2026-01-31T13:00:00Z", "Ferry")
    assert shown["evidence"] == [
        {
            "kind": "410",
            "at": "2026-01-31T13:00:00Z",
            "url": "https://one.example/feed/0",
            "words": "the page answered HTTP 410",
        }
    ]
    assert (before["gone_since"], before["evidence"]) == (None, [])
    assert "410, 2026-01-31T13:00:00Z: the page answered HTTP 410" in ingestd(lost, "records", "show", "1").out


def test_agencies_and_flags_are_stored_and_shown(either: Path, papers: Papers) -> None:
    story = (
        '<html lang=en><head><meta property="article:content_tier" content="locked"></head><body><article>'
        "<h1>Ferry</h1><p>OSLO (AP) — The ferry was counted, painted and counted again, the BBC reports, and so ...</p>"
    ).encode()
    ingestd(either, "sources", "add", papers.publish("/one.xml", atom(papers.publish("/1", story))), "--unchecked")
    ingestd(either, "poll", 1)

    shown = ingestd(either, "records", "show", "1", "--json").json
    [revision] = ingestd(either, "records", "show", "1", "--revisions", "--json").json

    assert shown["agencies"] == [
        {"code": "AP", "name": "Associated Press", "role": "origin", "evidence": [["dateline", "OSLO (AP)"]]},
        {"code": "BBC", "name": "BBC", "role": "cited", "evidence": [["text", "the BBC reports"]]},
    ]
    assert (shown["paywall"], shown["truncated"]) == (True, True)
    assert [revision[name] for name in ("agencies", "paywall", "truncated")] == [shown["agencies"], True, True]
    assert json.loads(ingestd(either, "records", "export").out)["agencies"] == shown["agencies"]
    text = ingestd(either, "records", "show", "1").out
    assert 'agency\tAP, origin: dateline "OSLO (AP)"' in text.splitlines()
    assert "paywall\tyes" in text.splitlines()


@pytest.mark.parametrize("time", ["yesteryear", "9999999d", "9" * 400 + "d"], ids=["word", "year-0", "infinite"])
def test_an_invalid_time_is_a_usage_error(config: Path, time: str) -> None:
    done = ingestd(config, "records", "list", "--since", time)

    assert done.status == 2
    assert f"'{time}' is not a time" in done.error


def test_an_impossible_number_is_a_usage_error(either: Path) -> None:
    done = ingestd(either, "records", "show", "9" * 30)

    assert (done.status, done.out) == (2, "")
    assert f"no record {'9' * 30}" in done.error


def test_why_prints_the_revisits_of_a_page(lost: Path) -> None:
    printed = ingestd(lost, "why", "https://one.example/feed/0").out

    assert "2026-01-31T13:00:00Z evidence: 410: the page answered HTTP 410" in printed
    assert "page: gone since 2026-01-31T13:00:00Z, HTTP 410, revisited 1×, last 2026-01-31T13:00:00Z" in printed
    assert "next revisit 2026-01-31T14:00:00Z" in printed
    ingestd(lost, "sources", "set", "1", "--no-revisits")
    assert "next revisit" not in ingestd(lost, "why", "https://one.example/feed/0").out

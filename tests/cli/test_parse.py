import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from ingestd.cli.parse import line_of, parse
from ingestd.errors import ParseError, UsageError
from ingestd.model.feed import Feed
from tests.formats.samples import WIRE

RSS = (
    '<rss version="2.0"><channel><title>Harbour News</title>'
    "<item><guid>story-1</guid><link>/1</link><title>Café</title>"
    "<pubDate>Wed, 24 Jun 2020 01:15:00 -0500</pubDate></item></channel></rss>"
)


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(parse)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_feed_is_one_line_with_all_its_fields(tmp_path: Path) -> None:
    (tmp_path / "news.xml").write_text(RSS)

    result = run(tmp_path / "news.xml", "--url", "https://paper.example/feed")

    assert result.exit_code == 0
    assert lines(result.stdout) == [
        {
            "file": "news.xml",
            "format": "rss20",
            "feed": {
                "title": "Harbour News",
                "home": None,
                "prev_archive": None,
                "next_page": None,
                "cursor": None,
                "children": [],
            },
            "entries": [
                {
                    "guid": "story-1",
                    "id_origin": "source",
                    "link": "https://paper.example/1",
                    "headline": "Café",
                    "published": "2020-06-24T06:15:00Z",
                    "updated": None,
                    "published_precision": "minute",
                    "updated_precision": None,
                    "authors": [],
                    "description_text": None,
                    "body_html": None,
                    "language": None,
                    "keywords": [],
                }
            ],
            "warnings": [],
        }
    ]


def test_a_wire_item_has_all_its_fields_except_private_notes(tmp_path: Path) -> None:
    (tmp_path / "item.xml").write_bytes(WIRE["newsml_g2.xml"])

    result = run(tmp_path / "item.xml")

    _, entry, _ = lines(result.stdout)[0]["entries"]
    assert (entry["guid"], entry["version"], entry["pubstatus"]) == (
        "urn:newsml:harbour.example:20260301:7",
        "3",
        "usable",
    )
    assert (entry["versioncreated"], entry["published"]) == ("2026-03-01T11:30:15Z", "2026-03-01T10:00:00Z")
    assert entry["wire"] == "newsml-g2"
    assert entry["provider"]["name"] == "Harbour News"
    assert entry["subject"][0]["uri"] == "http://cv.iptc.org/newscodes/mediatopic/20000538"
    assert [note["text"] for note in entry["ednotes"]] == ["Corrects the depth in the second paragraph."]


def test_a_directory_gives_a_line_for_every_file_in_sorted_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "news.xml.gz").write_bytes(gzip.compress(RSS.encode()))
    (tmp_path / "b" / "notes.txt").write_text("no feed")
    (tmp_path / "a.xml").write_text("<rss><channel>")

    result = run(tmp_path)

    found = lines(result.stdout)
    assert result.exit_code == 0
    assert [line["file"] for line in found] == ["a.xml", "b/news.xml.gz", "b/notes.txt"]
    assert [line.get("error", {}).get("class") for line in found] == ["ParseError", None, "UnknownFormat"]
    assert all(line["error"]["message"] for line in found if "error" in line)


def test_jsonl_writes_the_lines_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "news.xml").write_text(RSS)
    out = tmp_path / "out.jsonl"

    result = run(tmp_path / "news.xml", "--jsonl", out)

    assert not result.stdout
    assert [line["format"] for line in lines(out.read_text())] == ["rss20"]


def test_the_content_type_decides_the_charset(tmp_path: Path) -> None:
    (tmp_path / "news.xml").write_bytes(RSS.replace("Café", "Море").encode("windows-1251"))

    result = run(tmp_path / "news.xml", "--content-type", "text/xml; charset=windows-1251")

    assert lines(result.stdout)[0]["entries"][0]["headline"] == "Море"


def test_the_children_of_an_index_are_listed(tmp_path: Path) -> None:
    (tmp_path / "index.xml").write_text("<sitemapindex><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>")

    result = run(tmp_path / "index.xml")

    assert lines(result.stdout)[0]["feed"]["children"] == [{"url": "http://localhost/a.xml", "updated": None}]


def test_a_missing_path_is_a_usage_error(tmp_path: Path) -> None:
    assert run(tmp_path / "nothing").exit_code == 2


def test_an_unwritable_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "news.xml").write_text(RSS)

    result = run(tmp_path / "news.xml", "--jsonl", tmp_path / "nowhere" / "out.jsonl")
    assert isinstance(result.exception, UsageError)


def test_an_unreadable_file_is_a_line_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "news.xml").write_text(RSS)

    # The first page of this file is not mapped, so reading it fails, even for root.
    result = run("/proc/self/mem", tmp_path / "news.xml")

    assert result.exit_code == 1
    assert [line["file"] for line in lines(result.stdout)] == ["mem", "news.xml"]
    assert lines(result.stdout)[0]["error"]["class"] == "OSError"


@pytest.mark.parametrize(("error", "expected"), [(ParseError("cut off"), True), (KeyError("entries"), False)])
def test_an_error_is_a_line_and_only_a_bug_fails(error: Exception, expected: bool) -> None:
    def read() -> Feed:
        raise error

    line, is_expected = line_of("news.xml", read)

    assert line == {"file": "news.xml", "error": {"class": type(error).__name__, "message": str(error)}}
    assert is_expected is expected

import gzip
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ingestd.cli.clean.clean import clean

DATA = Path(__file__).parents[2] / "data"
URL = "https://www.harborpost.example/story/4711/night-ferries.html"

app = typer.Typer()
app.command()(clean)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_page_becomes_a_line_of_json() -> None:
    result = run(DATA / "ferry_semantic.html", "--url", URL)

    assert result.exit_code == 0
    record = json.loads(result.stdout)
    expected = json.loads((DATA / "ferry.json").read_text())
    assert record["headline"] == expected["headline"]
    assert record["versioncreated"] == "2020-06-24T06:15:00Z"
    assert record["uri"] == URL
    assert "provenance" not in record


def test_explain_gives_the_deciding_witness_and_the_other_statements() -> None:
    record = json.loads(run(DATA / "ferry_semantic.html", "--url", URL, "--explain", "--json").stdout)

    assert record["provenance"]["byline"] == "page"
    assert record["testimony"]["byline"] == dict.fromkeys(("page", "visible", "json_ld"), record["byline"])
    assert record["testimony"]["headline"]["title"].endswith("Collision - Harbor Post")
    assert record["testimony"]["language"] == {"json_ld": "en", "meta": "en", "text": "en"}
    assert record["testimony"]["firstcreated"]["json_ld"] == {
        "when": "2020-06-24T06:15:00Z",
        "precision": "minute",
        "offset": -300,
    }


def test_explain_prints_a_table() -> None:
    lines = [
        line.split("\t") for line in run(DATA / "ferry_semantic.html", "--url", URL, "--explain").stdout.splitlines()
    ]

    assert lines[:2] == [[str(DATA / "ferry_semantic.html")], ["field", "", "witness", "says"]]
    assert ["headline", "*", "json_ld", "Island Council Calls Off Night Ferries After Collision"] in lines
    assert ["", "", "title", "Island Council Calls Off Night Ferries After Collision - Harbor Post"] in lines
    at = lines.index(["firstcreated", "*", "json_ld", "2020-06-24T06:15:00Z (minute)"])
    assert lines[at + 1] == ["", "", "visible", "2020-06-24T06:15:00Z (minute)"]
    assert ["dateline", "*", "text", "Harbor Post"] in lines
    assert ["agencies", "*", "text", "BBC, cited: “The BBC reports”"] in lines


def test_lines_are_in_the_order_of_the_files_and_errors_at_the_end(tmp_path: Path) -> None:
    zipped, empty, broken = tmp_path / "a.html.gz", tmp_path / "b.html", tmp_path / "c.html.gz"
    zipped.write_bytes(gzip.compress((DATA / "ferry_dump.html").read_bytes()))
    empty.write_bytes(b"")
    broken.write_bytes(b"\x1f\x8bno more")

    result = run(broken, zipped, empty, DATA / "ferry_soup.html", "--jsonl", tmp_path / "out.jsonl")

    assert result.exit_code == 1
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2
    first, second = result.stderr.splitlines()
    assert str(broken) in first
    assert f"{empty}: the page is empty" in second


def test_a_batch_has_a_line_for_every_page(tmp_path: Path) -> None:
    (tmp_path / "one.html.gz").write_bytes(gzip.compress((DATA / "ferry_semantic.html").read_bytes()))
    (tmp_path / "one.json").write_text(json.dumps({"id": "one", "url": URL}))
    (tmp_path / "two.html").write_text("<p>Not found</p>")

    result = run("--batch", tmp_path)

    assert result.exit_code == 0
    one, two = (json.loads(line) for line in result.stdout.splitlines())
    assert one["id"] == "one"
    assert one["published"] == "2020-06-24T01:15:00-05:00"  # as written
    assert one["authors"] == ["Harbor Post Staff"]
    assert one["body"].startswith("Crews say the pause should have come sooner\n\nHarbor Post — Saint Olm's council")
    assert {name: two[name] for name in ("id", "title", "body")} == {"id": "two", "title": "", "body": ""}
    assert two["error"].startswith("NoArticle: ")


@pytest.mark.parametrize("arguments", [(), (DATA / "ferry_dump.html", "--batch", DATA)], ids=["neither", "both"])
def test_either_files_or_a_folder_must_be_given(arguments: tuple[object, ...]) -> None:
    assert "give files, or a directory with --batch" in str(run(*arguments).exception)

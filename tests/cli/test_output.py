import io
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestd.cli.output import note, show, show_diff, show_json, show_json_lines, show_table
from ingestd.cli.terminal import progress_bar
from ingestd.json import to_json

NOON = datetime(2020, 6, 24, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Story:
    headline: str
    saved: datetime


class Terminal(io.StringIO):
    """A terminal: rich asks `isatty` before it draws."""

    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch, stream: str) -> Terminal:
    """Replace stdout or stderr with a terminal of 100 columns."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, stream, terminal := Terminal())
    return terminal


def test_results_go_to_stdout_and_notes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    show("a result")
    note("a note")

    assert capsys.readouterr() == ("a result\n", "a note\n")


def test_a_table_is_tab_separated_lines_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("id", "title", "last", "paused"), [(1, "A\tB\nC", NOON, True), (2, None, None, False)])

    assert capsys.readouterr().out.splitlines() == [
        "id\ttitle\tlast\tpaused",
        "1\tA B C\t2020-06-24T12:00:00Z\tyes",
        "2\t\t\tno",
    ]


def test_markup_and_controls_in_a_title_reach_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch, "stdout")

    show_table(("title",), [("[red]Storm[/red] :boom: \x1b[2J\u202eevil [link=https://evil.example]x[/link]",)])

    assert "[red]Storm[/red] :boom: [2Jevil" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()
    assert "\u202e" not in terminal.getvalue()


def test_a_long_cell_is_folded_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch, "stdout")

    show_table(("url",), [("https://news.example/" + "x" * 100,)])

    assert terminal.getvalue().count("x") == 101


def test_markup_in_a_diff_is_printed_as_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (" same", "-[red]old[/red]\x1b[2J", "+new")

    show_diff(lines)
    assert capsys.readouterr().out == " same\n-[red]old[/red][2J\n+new\n"

    terminal = a_terminal(monkeypatch, "stdout")
    show_diff(lines)
    assert "\x1b[31m-[red]old[/red][2J\x1b[0m" in terminal.getvalue()
    assert "\x1b[32m+new\x1b[0m" in terminal.getvalue()


def test_json_is_one_document_with_times_in_iso(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"story": Story("Ärger", NOON), "path": Path("/x"), "seen": {2, 1}, "tuple": (1, None)})

    assert json.loads(capsys.readouterr().out) == {
        "story": {"headline": "Ärger", "saved": "2020-06-24T12:00:00Z"},
        "path": "/x",
        "seen": [1, 2],
        "tuple": [1, None],
    }


def test_json_lines_are_one_document_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_json_lines(Story(f"{number}\n", NOON) for number in range(3))

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["headline"] for line in lines] == ["0\n", "1\n", "2\n"]


def test_json_escapes_control_characters() -> None:
    hostile = "a\x1b[2J\x9b\u202e\ud800\u200bb"

    text = to_json(hostile)

    assert text.isascii()
    assert json.loads(text) == hostile


def test_a_value_that_json_cannot_hold_is_a_bug() -> None:
    with pytest.raises(TypeError, match="cannot write object as JSON"):
        to_json(object())


def test_a_progress_bar_prints_nothing_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as bar:
        task = bar.add_task("pages", total=2)
        bar.advance(task)

    assert capsys.readouterr() == ("", "")
    assert bar.tasks[0].completed == 1


def test_a_progress_bar_shows_count_and_rate_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = a_terminal(monkeypatch, "stderr")

    with progress_bar() as bar:
        task = bar.add_task("[red]pages", total=2)
        bar.advance(task)
        bar.advance(task)

    assert "[red]pages" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()
    assert "/s" in terminal.getvalue()
    assert capsys.readouterr().out == ""

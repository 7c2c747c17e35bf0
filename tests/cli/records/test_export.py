import json
from pathlib import Path

from tests.cli.running import ingestd


def test_records_are_exported_one_a_line(kept: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"

    done = ingestd(kept, "records", "export")
    ingestd(kept, "records", "export", "--output", file)

    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["id"] for line in lines] == [1, 2]
    assert file.read_text() == done.out
    assert ingestd(kept, "records", "export", "--output", tmp_path / "no" / "where").status == 2

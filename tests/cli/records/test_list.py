import subprocess
import sys
from pathlib import Path

from tests.cli.running import ingestd


def test_records_are_listed_newest_first_by_source_and_time(kept: Path) -> None:
    both = ingestd(kept, "records", "list", "--json").json
    of_two = ingestd(kept, "records", "list", "--source", "2", "--json").json

    assert {record["headline"] for record in both} == {"Ferry", "Umbrella"}
    assert [len(record["carriers"]) for record in of_two] == [2]
    assert ingestd(kept, "records", "list", "--since", "2999-01-01", "--json").json == []
    assert "Umbrella" in ingestd(kept, "records", "list").out


def test_a_reader_may_close_the_pipe(kept: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m ingestd records export --config {kept} | true", shell=True, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.stderr == ""

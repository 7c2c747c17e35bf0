from pathlib import Path

import pytest

from tests.cli.running import ingestd


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param(["umbrella"], ["Umbrella"], id="headline"),
        pytest.param(["harbour", "umbrella"], ["Umbrella"], id="all-words"),
        pytest.param(['"harbour master"', "ferry"], ["Ferry", "Umbrella"], id="phrase"),
        pytest.param(["nowhere"], [], id="nothing"),
        pytest.param(['"'], [], id="half-a-quote"),
        pytest.param(["AND OR NOT ( ) * :"], [], id="operators"),
        pytest.param(["umbrella", ":", "-"], ["Umbrella"], id="signs-beside-a-word"),
        pytest.param(["umbrella -harbour"], ["Umbrella"], id="no-word-is-excluded"),
        pytest.param(["x" * 5000], [], id="long"),
        pytest.param(["umbrella " * 5000], ["Umbrella"], id="many"),
    ],
)
def test_a_search_never_fails(kept: Path, words: list[str], found: list[str]) -> None:
    done = ingestd(kept, "records", "search", *words, "--json")

    assert done.status == 0
    assert sorted(record["headline"] for record in done.json) == found

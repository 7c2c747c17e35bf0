import json
from dataclasses import fields
from pathlib import Path

import pytest

from ingestd.model.record import RecordSummary
from ingestd.renderers.forms import FORMS
from ingestd.renderers.record_forms import RECORD_FORMS
from tests.cli.running import ingestd


def test_records_are_exported_one_a_line(kept: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"

    done = ingestd(kept, "records", "export")
    ingestd(kept, "records", "export", "--output", file)

    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["id"] for line in lines] == [1, 2]
    assert file.read_text() == done.out
    assert ingestd(kept, "records", "export", "--output", tmp_path / "no" / "where").status == 2


def test_an_export_writes_the_forms_of_records(kept: Path) -> None:
    lines = {
        form: [json.loads(line) for line in ingestd(kept, "records", "export", "--form", form).out.splitlines()]
        for form in RECORD_FORMS
    }

    [first, second] = lines["thin"]
    assert first.keys() == {field.name for field in fields(RecordSummary)}
    assert (first["id"], second["id"]) == (1, 2)
    # Which of both was saved first, a database may decide.
    assert sorted((one["headline"], one["carriers"]) for one in (first, second)) == [("Ferry", 2), ("Umbrella", 1)]
    assert lines["full"] == [json.loads(line) for line in ingestd(kept, "records", "export").out.splitlines()]
    as_ninjs = ingestd(kept, "records", "export", "--format", "ninjs").out
    assert lines["ninjs"] == [json.loads(line) for line in as_ninjs.splitlines()]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--form", "cloudevents"], "no events"),
        (["--form", "fat"], "choose from thin, full, ninjs"),
        (["--form", "thin", "--format", "nitf"], "not both"),
    ],
)
def test_a_form_that_an_export_cannot_have_is_refused(kept: Path, options: list[str], words: str) -> None:
    done = ingestd(kept, "records", "export", *options)

    assert done.status == 2
    assert words in done.error


def test_records_have_the_forms_that_messages_have() -> None:
    assert RECORD_FORMS.keys() == {form.name for form in FORMS} - {"cloudevents"}

import importlib
import json
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from ingestd.model.message import Message
from ingestd.renderers import forms
from ingestd.renderers.forms.form import Form
from tests.renderers.messages import EPOCH, GUID, new, withdrawn
from tests.renderers.test_ninjs import check_valid

BY_NAME = {form.name: form for form in forms.FORMS}
PAGE = (Path(__file__).parents[2] / "docs" / "forms.md").read_text("utf-8")
KILLED = withdrawn("killed", "canceled")


def rendered(form: str, message: Message) -> Any:
    return json.loads(BY_NAME[form].render(message))


def test_every_form_is_in_the_table() -> None:
    names = {module.name for module in pkgutil.iter_modules(forms.__path__)} - {"form"}

    assert {importlib.import_module(f"ingestd.renderers.forms.{name}").FORM for name in names} == set(forms.FORMS)
    assert names == BY_NAME.keys()


@pytest.mark.parametrize("form", forms.FORMS, ids=lambda form: form.name)
def test_a_message_is_one_line_without_private_notes_and_logins(form: Form) -> None:
    for message in (new(), KILLED):
        line = form.render(message)
        assert b"\n" not in line
        assert b"555-0100" not in line
        assert b"secret" not in line


@pytest.mark.parametrize("form", forms.FORMS, ids=lambda form: form.name)
def test_a_killed_record_is_a_message_without_content(form: Form) -> None:
    line = form.render(KILLED).decode()

    assert GUID in line
    assert "canceled" in line
    assert not re.search("ferry|tide|wire.example/4711", line, re.IGNORECASE)


@pytest.mark.parametrize("form", ["full", "cloudevents"])
def test_hostile_text_stays_text(form: str) -> None:
    message = new(headline="\x1b]0;owned\x07 \ud800 </script>")

    line = BY_NAME[form].render(message)

    assert b"\x1b" not in line
    found = json.loads(line)
    assert (found["data"] if form == "cloudevents" else found)["headline"].startswith("\x1b]0;owned\x07")


def test_full_has_the_event_and_the_record() -> None:
    found = rendered("full", new())

    assert (found["id"], found["epoch"], found["seq"], found["kind"]) == (f"{EPOCH}-4711", EPOCH, 4711, "new")
    assert found["record"]["body_text"] == "The ferry runs again, the harbour master said."
    assert [note["text"] for note in found["record"]["ednotes"]] == ["Adds quote in paragraph 2"]
    assert rendered("full", KILLED)["record"] is None
    assert {**rendered("thin", KILLED), "record": None} == rendered("full", KILLED)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        pytest.param(KILLED, "canceled", id="killed"),
        pytest.param(withdrawn("withheld", "withheld"), "withheld", id="withheld"),
        pytest.param(withdrawn("purged", "canceled"), "canceled", id="purged"),
        pytest.param(withdrawn("merged", "usable", merged_into="urn:uuid:1"), "canceled", id="merged"),
    ],
)
def test_ninjs_of_a_withdrawn_record_has_only_its_status(message: Message, status: str) -> None:
    found = rendered("ninjs", message)

    check_valid(found)
    assert (found["uri"], found["pubStatus"]) == (GUID, status)
    assert not found.keys() & {"headlines", "bodies", "subjects", "associations", "by"}
    into = [{"role": "merged-into", "value": message.event.merged_into}] if message.event.merged_into else []
    assert found.get("altIds", []) == into


def test_ninjs_of_a_record_is_its_item() -> None:
    found = rendered("ninjs", new())

    check_valid(found)
    assert (found["pubStatus"], found["headlines"]) == ("usable", [{"value": "Ferry runs again from Monday"}])


def test_cloudevents_are_read_by_the_library_of_the_specification() -> None:
    for message, kind in ((new(), "new"), (KILLED, "killed")):
        event = JSONFormat().read(CloudEvent, BY_NAME["cloudevents"].render(message))

        assert event.get_id() == message.id
        assert event.get_type() == f"ingestd.record.{kind}"
        assert event.get_source() == f"urn:uuid:{EPOCH}"
        assert event.get_subject() == GUID
        assert event.get_time() == message.event.at
        assert event.get_data() == rendered("full", message)


def examples() -> dict[str, str]:
    """Return the examples of the page: the title of each and its JSON."""
    # No DOTALL for the lines between: each "." would then match line ends too, in exponentially many ways.
    return dict(re.findall(r"^#+ (.+)\n(?:(?!#).*\n)*?```json\n((?:(?!```).*\n)*)```", PAGE, re.MULTILINE))


@pytest.mark.parametrize("name", [*BY_NAME, "ninjs, killed", "full, killed"])
def test_the_page_shows_what_is_sent(name: str) -> None:
    form, _, killed = name.partition(", ")
    shown = examples()[f"`{form}`" + (f", {killed}" if killed else "")]

    assert json.loads(shown) == rendered(form, KILLED if killed else new())

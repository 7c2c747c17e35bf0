from dataclasses import asdict, replace
from typing import Any

import pytest

from ingestd.model.article import Image
from ingestd.model.item import AltId, Association, Author, Headline, Link, Rendition, Series
from ingestd.model.record import Evidence, Record
from ingestd.model.story import Copy
from ingestd.renderers.record_items import item_of_record
from ingestd.renderers.record_json import record_as_json
from tests.renderers.messages import AT, RECORD

assert RECORD.item
RICH = replace(
    RECORD,
    article=replace(RECORD.article, associations=(Image(href="i", caption="c"),), provenance={"headline": "meta"}),
    item=replace(
        RECORD.item, headlines=(Headline(text="Ferry"), Headline(text="Boat", role="short")), series=Series(name="Sea"),
        authors=(Author(name="Jo Tide", role="writer"),), altids=(AltId(value="1"),), links=(Link(guid="2"),),
        associations=(Association(name="main", renditions=(Rendition(href="r", width=3),)),), extra={"a": "b"},
    ),
    evidence=(Evidence(kind="404", at=AT, url=None, words="HTTP 404"),), copy=Copy(story=1, share=0.5),
)  # fmt: skip


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    "record",
    [
        pytest.param(RECORD, id="wire"),
        pytest.param(RICH, id="wire with everything"),
        pytest.param(replace(RICH, id_origin="assigned", pubstatus="withheld"), id="page with an item of its feed"),
        pytest.param(replace(RICH, id_origin="assigned", item=None, carriers=()), id="page"),
    ],
)
def test_a_record_has_the_fields_of_its_item_and_its_own_in_this_order(record: Record, private: bool) -> None:
    own, item, article = asdict(record), asdict(item_of_record(record)), asdict(record.article)
    del own["article"], own["item"]
    item["contributors"] = item.pop("authors")
    if not private:
        item["ednotes"] = [note for note in item["ednotes"] if note["public"]]
    page_names = ("uri", "date_precision", "agencies", "paywall", "truncated", "provenance")
    expected: dict[str, Any] = own | own.pop("copy") | item | {name: article[name] for name in page_names}
    expected |= {"authors": article["authors"], "id_origin": record.id_origin}
    for carrier in expected["carriers"]:
        carrier["source_url"] = "https://wire.example/latest.json"

    assert repr(record_as_json(record, private=private)) == repr(expected)

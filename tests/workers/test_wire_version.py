"""Versions of wire items."""

import pytest

from ingestd import formats
from ingestd.workers.wire_version import version_of


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param('"body_html": "<p>Die F&auml;hr&shy;verbindung</p>"', id="html-reference"),
        pytest.param('"body_html": "<p>Die Fähr\u00adverbindung</p>"', id="html"),
        pytest.param('"body_text": "Die Fähr\u00adverbindung"', id="text"),
        pytest.param('"body_xhtml": "<p>Die Fähr&#xad;verbindung</p>"', id="xhtml"),
    ],
)
def test_soft_hyphens_are_in_no_field_of_a_wire_item(sent: str) -> None:
    document = f'{{"uri": "urn:a:1", "headline": "Fähr\u00adverbindung", "byline": "Ada M\u00adarsh", {sent}}}'
    (entry,) = formats.parse(document.encode(), url="http://localhost/").entries
    assert entry.item is not None

    article = version_of(entry.item, "ninjs").article

    assert article.headline == "Fährverbindung"
    assert article.byline == "Ada Marsh"
    assert article.body_text == "Die Fährverbindung"
    assert article.body_html == "<p>Die Fährverbindung</p>"

"""Documents damaged as a whole: messages in front, slips in JSON, dates in the order of another country."""

import json

import pytest

from ingestd.errors import ParseError
from ingestd.formats import parse
from ingestd.formats.common.mended_json import mended_json

URL = "https://paper.example/feed"
RSS = "<rss version='2.0'><channel><title>T</title><item><title>One</title><link>/1</link></item></channel></rss>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>One</title><link href='/1'/></entry></feed>"
HEAD = '{"version": "https://jsonfeed.org/version/1.1", "items": ['
ONE = '{"id": "1", "title": "One", "url": "/1"}'


@pytest.mark.parametrize("document", [RSS, ATOM, f"<?xml version='1.0'?>\n{RSS}"])
@pytest.mark.parametrize(
    "message",
    [
        "<br />\n<b>Warning</b>: mysql_connect() in <b>/srv/feed.php</b> on line <b>3</b><br />\n",
        "<p>Deprecated: each() is deprecated</p>",
        "<font size=1><table><tr><td>Notice: x</td></tr></table></font>",
        "<div id='error'><p>x</p></div>\n\n",
        "<script>var a = 1 < 2;</script>",
        "<b>Notice</b>: Undefined index",
    ],
)
def test_messages_in_front_of_a_feed_are_skipped(message: str, document: str) -> None:
    feed = parse(f"{message}{document}".encode(), url=URL)

    assert [(entry.headline, entry.link) for entry in feed.entries] == [("One", "https://paper.example/1")]
    assert "messages in front of the document were skipped" in feed.warnings


@pytest.mark.parametrize(
    "body",
    [
        f"{HEAD}{ONE},]}}",
        f"{HEAD}{ONE}],}}",
        f'{HEAD}{{"id": "1", "title": "One", "url": "/1",}}]}}',
        f"{HEAD}{ONE}]}}\n<!-- cached -->",
        f"{HEAD}{ONE}]}};",
        f'{HEAD}{ONE}, {{"id": "2", "title": "Tw',
        f'{HEAD}{ONE}, {{"id": "2", "title": "Two }}] {{',
        f"{HEAD}{ONE}",
        f"{HEAD}{ONE}, ",
        HEAD + r'{"id": "1", "title": "One", "url": "/1", "content_text": "a\x b \' c"}]}',
    ],
)
def test_a_slip_in_json_does_not_cost_the_feed(body: str) -> None:
    feed = parse(body.encode(), url=URL)

    assert [(entry.headline, entry.link) for entry in feed.entries] == [("One", "https://paper.example/1")]
    assert feed.warnings[0].startswith("invalid JSON, read as far as possible")


@pytest.mark.parametrize(
    "body", [f"{ONE}\n{ONE}", f"{ONE},{ONE}", '{"id": "1", "headline": "Half a te', "[1, 2", '{"a": {']
)
def test_what_cannot_be_told_is_not_guessed(body: str) -> None:
    assert mended_json(body) is None


def test_an_item_that_was_cut_off_is_no_item() -> None:
    with pytest.raises(ParseError):
        parse(b'{"guid": "urn:x:1", "versioncreated": "2024-06-29T10:00:00Z", "body_text": "Half a te', url=URL)


def test_damaged_json_is_mended_in_linear_time() -> None:
    for hostile in ('{"a":[' + "{" * 100_000, '{"a":["' + '\\"' * 300_000, '{"a":[' + "," * 300_000, "[" * 300_000):
        mended_json(hostile)


@pytest.mark.parametrize(
    ("other", "language", "day"),
    [
        ("29/06/2024", "en-US", "2024-06-05"),
        ("29/06/2024 10:00", None, "2024-06-05"),
        ("29.06.2024", "en", "2024-06-05"),
        ("Sat, 29-06-2024", "ja", "2024-06-05"),
        ("6/29/2024", "de", "2024-05-06"),
        ("06/29/2024 3:07 PM", None, "2024-05-06"),
        ("04/03/2024", "de", "2024-06-05"),
        ("2024-06-29", "en-US", "2024-05-06"),
        ("2024-06-29", None, None),
    ],
)
def test_ambiguous_dates_are_read_in_the_order_of_the_others(other: str, language: str | None, day: str | None) -> None:
    items = "".join(f"<item><guid>{date}</guid><pubDate>{date}</pubDate></item>" for date in ("05/06/2024", other))
    stated = f"<language>{language}</language>" if language else ""
    of_rss = parse(f"<rss><channel>{stated}{items}</channel></rss>".encode(), url=URL).entries[0].published
    listed = [{"id": date, "date_published": date} for date in ("05/06/2024", other)]
    body = {"version": "https://jsonfeed.org/version/1.1", "language": language, "items": listed}
    of_json = parse(json.dumps(body).encode(), url=URL).entries[0].published

    assert [found.date().isoformat() if found else None for found in (of_rss, of_json)] == [day, day]

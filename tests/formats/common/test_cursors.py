import json

import pytest

from ingestd.formats import parse
from ingestd.formats.common.cursors import cursor_of, with_parameter
from ingestd.model.source import Cursor

URL = "https://api.harbour.example/v1/items?q=ice&page=1"


def item(number: int) -> dict[str, str]:
    return {"uri": f"urn:x:{number}", "versioncreated": f"2026-03-01T10:{number:02}:00Z", "headline": f"Ice {number}"}


@pytest.mark.parametrize(
    ("envelope", "kind", "address"),
    [
        pytest.param({"next": "/v1/items?page=2"}, "older", "/v1/items?page=2", id="next"),
        pytest.param({"next_url": "https://api.harbour.example/p2"}, "older", "/p2", id="next_url"),
        pytest.param({"nextPage": "?page=2"}, "older", "/v1/items?page=2", id="relative"),
        pytest.param({"_links": {"next": {"href": "items?page=2"}}}, "older", "/v1/items?page=2", id="hal"),
        pytest.param({"links": {"next": "/p2"}}, "older", "/p2", id="links"),
        pytest.param({"links": [{"rel": "self", "href": "/p1"}, {"rel": "next", "href": "/p2"}]}, "older", "/p2",
                     id="a-list-of-links"),
        pytest.param({"@odata.nextLink": "/p2"}, "older", "/p2", id="odata"),
        pytest.param({"meta": {"next_page": 2}}, "older", "/v1/items?q=ice&page=2", id="number"),
        pytest.param({"next_cursor": "a b/="}, "older", "/v1/items?q=ice&page=1&cursor=a%20b%2F%3D", id="token"),
        pytest.param({"paging": {"nextPageToken": "x"}}, "older", "/v1/items?q=ice&page=1&pageToken=x", id="camel"),
        pytest.param({"next_since": "77"}, "since", "/v1/items?q=ice&page=1&since=77", id="since"),
        pytest.param({"sync_token": "t"}, "since", "/v1/items?q=ice&page=1&sync_token=t", id="sync-token"),
        pytest.param({"@odata.deltaLink": "https://api.harbour.example/delta?t=1"}, "since", "/delta?t=1", id="delta"),
        pytest.param({"next": "/p2", "next_since": "7"}, "since", "/v1/items?q=ice&page=1&since=7", id="since-first"),
        pytest.param({"next": "https://me:pass@api.harbour.example/p2"}, "older", "/p2", id="no-user-info"),
    ],
)  # fmt: skip
def test_a_cursor_is_found_under_the_names_that_apis_use(envelope: dict[str, object], kind: str, address: str) -> None:
    found = cursor_of(envelope, URL)

    assert found
    assert (found.kind, found.url) == (kind, f"https://api.harbour.example{address}")


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"next": None, "_links": {"self": {"href": "/p1"}}}, id="no-next"),
        pytest.param({"next": ""}, id="empty"),
        pytest.param({"next": 2}, id="a-number-without-a-parameter"),
        pytest.param({"next_page": True}, id="a-boolean"),
        pytest.param({"next": "javascript:alert(1)"}, id="an-unsafe-link"),
        pytest.param({"next": "http://[::1"}, id="unreadable"),
        pytest.param({"next_cursor": "x" * 3_000}, id="too-long"),
        pytest.param({"since": "2026-03-01"}, id="the-request-parameter"),
        pytest.param({"links": [1, {"rel": 2}]}, id="odd-links"),
    ],
)
def test_envelopes_without_a_usable_cursor_have_none(envelope: dict[str, object]) -> None:
    assert cursor_of(envelope, URL) is None


def test_the_next_page_is_newer_if_the_oldest_item_comes_first() -> None:
    newest_first = parse(json.dumps({"items": [item(2), item(1)], "next": "/p2"}).encode(), url=URL)
    oldest_first = parse(json.dumps({"items": [item(1), item(2)], "next": "/p2"}).encode(), url=URL)

    assert newest_first.cursor == Cursor(url="https://api.harbour.example/p2", kind="older")
    assert newest_first.next_page == "https://api.harbour.example/p2"
    assert oldest_first.cursor == Cursor(url="https://api.harbour.example/p2", kind="newer")
    assert oldest_first.next_page is None


def test_a_single_item_has_no_cursor() -> None:
    assert parse(json.dumps({**item(1), "next": "/2"}).encode(), url=URL).cursor is None


def test_an_empty_list_with_a_cursor_is_recognised() -> None:
    feed = parse(b'{"_items": [], "_links": {"next": {"href": "items?page=3"}}}', url=URL)

    assert (feed.format, feed.entries) == ("ninjs", ())
    assert feed.cursor == Cursor(url="https://api.harbour.example/v1/items?page=3", kind="older")


def test_a_parameter_replaces_its_old_value_and_leaves_the_others_unchanged() -> None:
    assert with_parameter("https://a.example/x?b=%7e&c=1&b%20=2#top", "c", "2&3") == (
        "https://a.example/x?b=%7e&b%20=2&c=2%263"
    )

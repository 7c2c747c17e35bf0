from datetime import UTC, datetime
from typing import Any

import pytest

from ingestd.formats.common.identity import MAX_GUID, identity_of, with_unique_guids
from ingestd.model.feed import Entry, IdOrigin

CONTENT: dict[str, Any] = {"headline": "Harbour road to widen", "description": None, "body": None, "published": None}


@pytest.mark.parametrize(
    ("identifier", "link", "guid", "origin"),
    [
        pytest.param(" tag-1 ", "https://paper.example/1", "tag-1", "source", id="the feed's own"),
        pytest.param(" ", "https://paper.example/1", "https://paper.example/1", "link", id="blank"),
        pytest.param(None, "https://paper.example/1", "https://paper.example/1", "link", id="absent"),
    ],
)
def test_the_feeds_own_identifier_wins_over_the_link(
    identifier: str | None, link: str, guid: str, origin: IdOrigin
) -> None:
    assert identity_of(identifier, link, **CONTENT) == (guid, origin)


def test_without_identifier_and_link_the_guid_is_a_hash_of_the_content() -> None:
    guid, origin = identity_of(None, None, **CONTENT)

    assert guid.startswith("sha256:")
    assert origin == "hash"
    assert identity_of(None, None, **CONTENT)[0] == guid
    assert identity_of(None, None, **{**CONTENT, "published": datetime(2020, 6, 24, tzinfo=UTC)})[0] != guid
    assert identity_of(None, None, **{**CONTENT, "headline": None, "body": CONTENT["headline"]})[0] != guid


def test_an_identifier_that_is_too_long_is_replaced_by_its_hash() -> None:
    guid, origin = identity_of("ä" * (MAX_GUID // 2 + 1), None, **CONTENT)

    assert len(guid) == len("sha256:") + 64
    assert origin == "source"


def entry(guid: str, **fields: Any) -> Entry:
    return Entry(guid=guid, **fields)


def test_entries_with_unique_guids_are_unchanged() -> None:
    entries = (entry("1", headline="a"), entry("2", headline="a"))

    assert with_unique_guids(entries) == (entries, ())


def test_identical_entries_are_kept_once_with_a_warning() -> None:
    entries, warnings = with_unique_guids([entry("1", headline="a"), entry("2"), entry("1", headline="a")])

    assert [known.guid for known in entries] == ["1", "2"]
    assert len(warnings) == 1


def test_stories_that_share_a_guid_get_their_links_as_guids() -> None:
    entries, warnings = with_unique_guids(
        [entry("0", link="https://a.example/1"), entry("0", link="https://a.example/2")]
    )

    assert [(known.guid, known.id_origin) for known in entries] == [
        ("https://a.example/1", "link"),
        ("https://a.example/2", "link"),
    ]
    assert "share" in warnings[0]


def test_stories_that_share_guid_and_link_get_their_hashes_as_guids() -> None:
    entries, _ = with_unique_guids([entry("0", link="https://a.example/", headline=headline) for headline in "ab"])

    assert {known.id_origin for known in entries} == {"hash"}
    assert len({known.guid for known in entries}) == 2


def test_a_link_that_is_the_guid_of_another_entry_is_not_used() -> None:
    link = "https://a.example/1"

    entries, _ = with_unique_guids([entry(link), entry("0", headline="a", link=link), entry("0", headline="b")])

    assert len({known.guid for known in entries}) == len(entries) == 3


def test_guids_are_stable_when_the_window_moves() -> None:
    stories = [entry("0", link=f"https://a.example/{number}") for number in range(4)]

    before, _ = with_unique_guids(stories[1:])
    after, _ = with_unique_guids(stories[:3])

    assert [known.guid for known in before[:2]] == [known.guid for known in after[1:]]

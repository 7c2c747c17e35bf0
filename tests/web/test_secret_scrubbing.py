from urllib.parse import quote

import pytest

from ingestd.web.secret_scrubbing import scrub_parameter


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("/feed?key=abc", "/feed", id="alone"),
        pytest.param("/feed?key=abc&page=2", "/feed?page=2", id="first"),
        pytest.param("/feed?page=2&key=abc", "/feed?page=2", id="last"),
        pytest.param("/feed?a=1&key=abc&b=2#top", "/feed?a=1&b=2#top", id="between"),
        pytest.param("<link href='/feed?page=2&amp;key=abc'/>", "<link href='/feed?page=2'/>", id="in an attribute"),
        pytest.param("<link href='/feed?key=abc&amp;page=2'/>", "<link href='/feed?page=2'/>", id="first in one"),
        pytest.param("<id>/feed?a=1&#38;key=abc&#38;b=2</id>", "<id>/feed?a=1&#38;b=2</id>", id="as numbers"),
        pytest.param(r'"/feed?a=1\u0026key\u003dabc"', '"/feed?a=1"', id="in JSON"),
        pytest.param("/login?next=%2Ffeed%3Fkey%3Dabc", "/login?next=%2Ffeed", id="in a parameter"),
        pytest.param("/login?next=%2Ffeed%3Fkey%3Dabc&x=1", "/login?next=%2Ffeed&x=1", id="with one after it"),
        pytest.param("/login?next=%2Ff%3fkey%3dabc%26b%3D2", "/login?next=%2Ff%3fb%3D2", id="with one in it"),
        pytest.param("/a?to=%252Ff%253Fkey%253Dabc", "/a?to=%252Ff", id="in one in one"),
        pytest.param("/feed?key=abc&key=abc", "/feed", id="twice"),
    ],
)
def test_the_parameter_is_removed_and_its_neighbours_stay(text: str, left: str) -> None:
    assert scrub_parameter(text.encode(), "key", "abc").decode() == left


@pytest.mark.parametrize(
    "text",
    [
        "/feed?key=abcd",
        "/feed?key=ab",
        "/feed?monkey=abc",
        "/feed?Key=abc",
        "key=abc",
        "abc",
        "/key/abc?a=1",
        "é\udc80",
    ],
)
def test_a_text_without_the_parameter_is_unchanged(text: str) -> None:
    written = text.encode("utf-8", "surrogateescape")

    assert scrub_parameter(written, "key", "abc") == written


@pytest.mark.parametrize("written", ["a%2Fb%20%C3%A9", "a/b é", "a%2Fb+%C3%A9"])
def test_a_value_is_found_in_every_encoding(written: str) -> None:
    assert scrub_parameter(f"/feed?k=1&key={written}&b".encode(), "key", "a/b é") == b"/feed?k=1&b"
    assert scrub_parameter(f"/?to=%2Ff%3Fkey%3D{quote(written, safe='')}".encode(), "key", "a/b é") == b"/?to=%2Ff"
    assert scrub_parameter(f"/feed?api%20key={written}".encode(), "api key", "a/b é") == b"/feed"

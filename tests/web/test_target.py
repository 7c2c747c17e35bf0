import pytest

from ingestd.errors import BrokenReply, Forbidden
from ingestd.web.target import Target


@pytest.mark.parametrize(
    ("url", "wire"),
    [
        pytest.param("https://gazette.example/a%2Fb/%7Ex?q=%41&r=a|b", "/a%2Fb/%7Ex?q=%41&r=a|b", id="as it is"),
        pytest.param("https://gazette.example/größe?ä=ö", "/gr%C3%B6%C3%9Fe?%C3%A4=%C3%B6", id="letters"),
        pytest.param("https://gazette.example/a b", "/a%20b", id="space"),
        pytest.param("https://gazette.example", "/", id="no path"),
        pytest.param("https://gazette.example/a#part", "/a", id="fragment"),
    ],
)
def test_a_url_is_sent_as_it_was_written(url: str, wire: str) -> None:
    assert Target.parse(url).url.raw_path_qs == wire


def test_line_ends_are_never_sent() -> None:
    target = Target.parse("http://gazette.example/a\r\nHost: other.example")

    assert not set("\r\n ") & set(target.url.raw_path_qs)


def test_the_site_is_the_registrable_domain_or_the_address() -> None:
    assert Target.parse("https://rss.gazette.co.uk/feed").site == "gazette.co.uk"
    assert Target.parse("http://127.0.0.1:8080/feed").site == "127.0.0.1"


def test_userinfo_becomes_authorization_and_is_not_displayed() -> None:
    target = Target.parse("https://desk:p%40ss@gazette.example/feed")

    assert target.authorization == "Basic ZGVzazpwQHNz"
    assert target.display_url == str(target.url) == "https://gazette.example/feed"


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        pytest.param("/feed", True, id="path"),
        pytest.param("https://gazette.example:443/feed", True, id="default port"),
        pytest.param("https://GAZETTE.example/feed", True, id="capitals"),
        pytest.param("http://gazette.example/feed", False, id="without TLS"),
        pytest.param("https://gazette.example:8443/feed", False, id="other port"),
        pytest.param("https://www.gazette.example/feed", False, id="other host"),
        pytest.param("//mallory.example/feed", False, id="network path"),
    ],
)
def test_authorization_stays_within_its_origin(location: str, kept: bool) -> None:
    target = Target.parse("https://desk:secret@gazette.example/").redirected(location)

    assert (target.authorization is not None) is kept


def test_userinfo_in_a_redirect_is_dropped() -> None:
    target = Target.parse("https://gazette.example/").redirected("https://mallory:x@gazette.example/feed")

    assert target.authorization is None
    assert target.display_url == "https://gazette.example/feed"


@pytest.mark.parametrize("location", [None, "", "http://[::1"], ids=["none", "empty", "broken"])
def test_a_redirect_without_a_valid_url_is_a_broken_reply(location: str | None) -> None:
    with pytest.raises(BrokenReply):
        Target.parse("https://gazette.example/").redirected(location)


@pytest.mark.parametrize(
    "url", ["", "feed.xml", "ftp://gazette.example/", "http:///feed", "http://[::1", "http://h:99999/", "http://h:x/"]
)
def test_a_url_that_is_not_http_is_forbidden(url: str) -> None:
    with pytest.raises(Forbidden, match=r"not an http\(s\) URL"):
        Target.parse(url)

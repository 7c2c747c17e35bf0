import pytest

from ingestd.discovery import FoundFeed, feed_links
from ingestd.discovery.feed_links import MAX_FEEDS, AnnouncedLink

URL = "https://paper.example/news/"


def page(head: str = "", body: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def test_feed_urls_are_absolute_in_order_and_unique() -> None:
    body = page(
        '<link rel="alternate" type="application/rss+xml" title="All &amp; more" href="/all.rss">'
        '<link rel="stylesheet" href="/style.css">'
        '<link rel="ALTERNATE nofollow" type="Application/Atom+XML; charset=utf-8" href="atom">'
        '<link rel="alternate" type="application/feed+json" href="https://feeds.example/feed.json">'
        '<link rel="alternate" type="application/rss+xml" title="Again" href="/all.rss">'
        '<link rel="feed" href="/plain">'
    )

    assert feed_links(body, url=URL) == (
        FoundFeed(url="https://paper.example/all.rss", title="All & more", type="application/rss+xml"),
        FoundFeed(url="https://paper.example/news/atom", type="application/atom+xml"),
        FoundFeed(url="https://feeds.example/feed.json", type="application/feed+json"),
        FoundFeed(url="https://paper.example/plain"),
    )


@pytest.mark.parametrize(
    "link",
    [
        pytest.param('<link rel="alternate" hreflang="de" href="/de/">', id="a translation"),
        pytest.param('<link rel="alternate" type="application/json" href="/wp-json/posts/1">', id="an interface"),
        pytest.param('<link rel="alternate" type="application/json+oembed" href="/oembed">', id="an embed"),
        pytest.param('<link rel="alternate" type="application/rss+xml" href="javascript:void(0)">', id="active"),
        pytest.param('<link rel="alternate" type="application/rss+xml">', id="nowhere"),
        pytest.param('<link rel="icon" type="application/rss+xml" href="/x">', id="another relation"),
    ],
)
def test_other_links_are_not_feeds(link: str) -> None:
    assert feed_links(page(link), url=URL) == ()


def test_links_resolve_against_a_base_element() -> None:
    body = page('<base href="/en/"><link rel="alternate" type="application/rss+xml" href="rss">')

    assert [feed.url for feed in feed_links(body, url=URL)] == ["https://paper.example/en/rss"]


def test_links_in_the_text_count_only_if_no_link_element_announces_a_feed() -> None:
    anchors = "".join(
        f'<a href="{address}">To {address}</a>'
        for address in (
            "/feed/",
            "/a.rss",
            "/index.xml",
            "/index.php",
            "/feedback",
            "/rss-explained",
            "mailto:a@b.example",
        )
    )
    announced = '<link rel="alternate" type="application/rss+xml" href="/announced">'

    assert [feed.url for feed in feed_links(page("", anchors), url=URL)] == [
        "https://paper.example/feed/",
        "https://paper.example/a.rss",
        "https://paper.example/index.xml",
    ]
    assert [feed.url for feed in feed_links(page(announced, anchors), url=URL)] == ["https://paper.example/announced"]


@pytest.mark.parametrize("body", [b"", b"\x00\x00", b"\x89PNG\r\n", b"<!-- -->", b"<a" * 5_000, b"<div>" * 5_000])
def test_a_body_that_is_no_page_has_no_feeds(body: bytes) -> None:
    assert feed_links(body, url=URL) == ()


@pytest.mark.parametrize("content_type", ["text/html; charset=windows-1251", "text/html; charset=x-unheard-of", None])
def test_a_title_is_read_in_the_charset_of_the_page(content_type: str | None) -> None:
    body = '<meta charset="windows-1251"><link rel="feed" title="Гавань" href="/f">'.encode("windows-1251")

    assert feed_links(body, url=URL, content_type=content_type)[0].title == "Гавань"


def test_the_number_of_feeds_is_limited() -> None:
    body = page("".join(f'<link rel="feed" href="/{number}">' for number in range(MAX_FEEDS + 50)))

    assert len(feed_links(body, url=URL)) == MAX_FEEDS


RSS, ALTERNATE = "application/rss+xml", ("alternate",)


@pytest.mark.parametrize(
    ("announced", "body", "found"),
    [
        pytest.param([("https://a.example/f", ALTERNATE, RSS, None)], b"", ["https://a.example/f"], id="no-body"),
        pytest.param(
            [("https://a.example/f", ALTERNATE, RSS, None)],
            page('<link rel=alternate type=application/atom+xml href="https://a.example/g">'),
            ["https://a.example/f", "https://a.example/g"],
            id="before-link-elements",
        ),
        pytest.param(
            [("https://a.example/f", ALTERNATE, RSS, "Header")],
            page('<link rel=alternate type=application/rss+xml href="https://a.example/f" title="Element">'),
            ["https://a.example/f"],
            id="named-twice",
        ),
        pytest.param(
            [("https://a.example/f", ALTERNATE, RSS, None)],
            page("", '<a href="/rss">RSS</a>'),
            ["https://a.example/f"],
            id="instead-of-anchors",
        ),
        pytest.param([("https://a.example/f", ALTERNATE, "application/json", None)], b"", [], id="another-type"),
        pytest.param([("https://a.example/f", ("next",), RSS, None)], b"", [], id="another-relation"),
        pytest.param([("https://a.example/f", ("feed",), None, None)], b"", ["https://a.example/f"], id="feed"),
        pytest.param(
            [("https://a.example/f", ALTERNATE, "Application/RSS+XML; charset=utf-8", None)],
            b"",
            ["https://a.example/f"],
            id="a-type-with-parameters",
        ),
        pytest.param([("ftp://a.example/f", ALTERNATE, RSS, None)], b"", [], id="no-http"),
    ],
)
def test_links_of_the_header_count_as_link_elements(
    announced: list[AnnouncedLink], body: bytes, found: list[str]
) -> None:
    assert [feed.url for feed in feed_links(body, url=URL, announced=announced)] == found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("0; url=/feed.xml", ["https://paper.example/feed.xml"]),
        ("0;URL='/feed/'", ["https://paper.example/feed/"]),
        ("5, https://feeds.example/rss", ["https://feeds.example/rss"]),
        ("0; url=/en/", []),
        ("300", []),
        ("0; url=javascript:rss", []),
        ("", []),
        ("0; url=//[/rss", []),
    ],
)
def test_a_page_that_refreshes_to_a_feed_names_it(content: str, found: list[str]) -> None:
    """Only where nothing else is announced, and the address looks like a feed's: most pages refresh to pages."""
    body = page(f'<meta http-equiv="Refresh" content="{content}">')

    assert [feed.url for feed in feed_links(body, url=URL)] == found


@pytest.mark.parametrize(
    ("markup", "url"),
    [
        ('<link rel="alternate" type="text/xml" href="/feed.xml">', "https://paper.example/feed.xml"),
        ('<link rel="alternate" type="application/xml" href="/rss/news.xml">', "https://paper.example/rss/news.xml"),
        ('<link rel="alternate" href="/news.rss">', "https://paper.example/news.rss"),
        ('<link rel="alternate" type="application/json" href="/feed.json">', "https://paper.example/feed.json"),
        ('<link rel="alternate" type="text/rss+xml" href="/x">', "https://paper.example/x"),
        ('<link rel="alternate" type="application/rss+xml" href="feed:https://paper.example/x">',
         "https://paper.example/x"),
        ('<a href="feed:https://paper.example/g.xml">RSS</a>', "https://paper.example/g.xml"),
        ('<a href="/?feed=rss2">RSS</a>', "https://paper.example/?feed=rss2"),
        ('<a href="/news?format=rss">RSS</a>', "https://paper.example/news?format=rss"),
        ('<a href="/feeds/all.atom.xml">RSS</a>', "https://paper.example/feeds/all.atom.xml"),
        ('<meta http-equiv="refresh" content="0; url=https://feeds.example/paper">', "https://feeds.example/paper"),
        ('<meta http-equiv="refresh" content="0;url=/index.php?feed=atom">', "https://paper.example/index.php?feed=atom"),
        ('<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">', None),
        ('<link rel="alternate" hreflang="de" href="/de/">', None),
        ('<meta http-equiv="refresh" content="300">', None),
        ('<meta http-equiv="refresh" content="0;url=/blog/">', None),
    ],
)  # fmt: skip
def test_a_feed_is_found_in_the_ways_in_which_pages_name_it(markup: str, url: str | None) -> None:
    found = feed_links(f"<html><head>{markup}</head></html>".encode(), url="https://paper.example/news/")

    assert [feed.url for feed in found] == ([url] if url else [])

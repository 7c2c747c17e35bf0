import time

import pytest

from ingestd.web.link_header import HeaderLink, find_link, links_in

BASE = "https://paper.example/feeds/news"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], None),
        (['<https://hub.example/>; rel="hub"'], "https://hub.example/"),
        (["<https://hub.example/>;rel=hub"], "https://hub.example/"),
        (['</hub>; title="a, b"; rel="self HUB"'], "https://paper.example/hub"),
        (['<https://a.example/>; rel="self", <https://hub.example/>; rel="hub"'], "https://hub.example/"),
        (['<https://a.example/>; rel="self"', '<https://hub.example/>; rel="hub"'], "https://hub.example/"),
        (["<http://[::1>; rel=hub, <https://hub.example/>; rel=hub"], "https://hub.example/"),
        (["<https://hub.example/>; rel=github"], None),
        (["nonsense"], None),
    ],
)
def test_the_first_link_with_the_relation_is_found(headers: list[str], found: str | None) -> None:
    assert find_link(headers, "hub", BASE) == found


def test_a_hostile_header_is_searched_in_linear_time() -> None:
    started = time.process_time()

    assert find_link(["<a>" + ";a" * 50_000], "hub", BASE) is None
    assert find_link(["<" * 50_000], "hub", BASE) is None

    assert time.process_time() - started < 5


def test_a_link_with_a_raw_byte_is_left_out() -> None:
    assert find_link(["<https://hub.example/\udce9>; rel=hub, </b>; rel=hub"], "hub", "https://a.example/") == (
        "https://a.example/b"
    )


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('</feed>; rel="alternate"; type="application/rss+xml"', ("alternate", "application/rss+xml", None)),
        ("</feed>;rel=alternate;type=application/rss+xml", ("alternate", "application/rss+xml", None)),
        ('</feed>; TYPE="application/atom+xml"; REL=Alternate', ("alternate", "application/atom+xml", None)),
        ('</feed>; rel=alternate; rel=next; title="All; news, today"', ("alternate", None, "All; news, today")),
        ('</feed> ; rel = "alternate" ; title="x"', ("alternate", None, "x")),
        ("</feed>; rel=alternate; type=", ("alternate", None, None)),
        ("</feed>; nofollow; rel=alternate", ("alternate", None, None)),
        ("</feed>", ("", None, None)),
    ],
)
def test_the_parameters_of_a_link_are_read(header: str, found: tuple[str, str | None, str | None]) -> None:
    relation, kind, title = found
    relations = (relation,) if relation else ()

    assert [*links_in([header], BASE)] == [HeaderLink("https://paper.example/feed", relations, kind, title)]


def test_a_link_about_another_document_is_left_out() -> None:
    assert find_link(['</a>; rel=next; anchor="/other", </b>; rel=next'], "next", BASE) == "https://paper.example/b"


@pytest.mark.parametrize(
    ("header", "title"),
    [
        (r'</feed.xml>; title="a \"b\", c; d"; rel="alternate"; type="application/rss+xml"', 'a "b", c; d'),
        ("</feed.xml>; rel='alternate'; type='application/rss+xml'", None),
        ('</feed.xml>; rel=alternate; type=application/rss+xml; anchor="/news/"', None),
        ('</feed.xml>; rel=alternate; type=application/rss+xml; anchor=""', None),
        ('</feed.xml>; rel="alternate"; type="application/rss+xml";', None),
        ("< /feed.xml > ; rel = alternate ; type = application/rss+xml", None),
        ('</a.css>; rel=preload; as=style, </feed.xml>; rel="alternate"; type="application/rss+xml"', None),
        ('</feed.xml>; REL="Alternate"; TYPE="application/rss+xml"', None),
    ],
)
def test_a_link_is_read_in_every_notation(header: str, title: str | None) -> None:
    found = [link for link in links_in([header], "https://paper.example/news/") if "alternate" in link.relations]

    assert [(link.url, link.type, link.title) for link in found] == [
        ("https://paper.example/feed.xml", "application/rss+xml", title)
    ]

import pytest

from ingestd.articles.body.tree import parse
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import page_markup
from ingestd.times import iso


def read(body: str) -> dict[str, Clues]:
    return page_markup.read(parse(f"<html><body>{body}"))


def test_headings_and_marked_deks_and_bylines_are_read() -> None:
    page = read(
        '<h1>Paper</h1><h1>Storm nears the coast</h1><p class="standfirst">Rain by noon, wind by night</p>'
        '<p class="article__byline">By <a>Ann Lee</a></p>'
    )["page"]

    assert (page.headline, page.description_text, page.byline, page.authors) == (
        "Storm nears the coast",
        "Rain by noon, wind by night",
        "Ann Lee",
        ("Ann Lee",),
    )


def test_a_list_of_links_is_no_dek() -> None:
    assert read('<div class="subtitle"><a>Storm nears the coast</a> <a>Rain by noon</a></div>')["page"] == Clues()


def test_links_to_authors_pages_name_authors_unless_there_are_many() -> None:
    links = [f'<a href="/author/{n}">Ann Lee{n}</a>' for n in ("", "son", "ming", "land")]

    assert read(links[0] * 2 + links[1])["links"].authors == ("Ann Lee", "Ann Leeson")
    assert read("".join(links))["links"] == Clues()
    assert read('<a href="/autos/1">Ann Lee</a>')["links"] == Clues()


def test_a_desk_s_byline_counts_if_it_begins_with_by() -> None:
    assert read('<p class="byline">By Paper Staff</p>')["page"].byline == "Paper Staff"
    assert read('<p class="byline">Latest news</p>')["page"].byline is None


def test_a_paywall_is_a_short_box_and_not_the_story_behind_it() -> None:
    assert read('<div class="c-paywall">Subscribe to read the whole story.</div>')["page"].paywall is True
    assert read(f'<div class="paywall">{"It rained. " * 100}</div>')["page"].paywall is None
    assert read('<div class="wallpaper">Subscribe to read the whole story.</div>')["page"].paywall is None


def test_microdata_is_read() -> None:
    clues = read(
        '<b itemprop="headline">Storm</b><span itemprop="author">Ann Lee</span>'
        '<meta itemprop="datePublished" content="2024-05-01T08:00:00Z">'
    )["itemprop"]

    assert (clues.headline, clues.authors, clues.firstcreated and iso(clues.firstcreated.when)) == (
        "Storm",
        ("Ann Lee",),
        "2024-05-01T08:00:00Z",
    )


def test_the_first_time_element_with_a_time_wins() -> None:
    clues = read('<time>soon</time><time datetime="2024-05-01T08:00:00Z">May 1</time><time>May 9, 2024</time>')["time"]

    assert clues.firstcreated
    assert iso(clues.firstcreated.when) == "2024-05-01T08:00:00Z"


def test_only_the_first_characters_of_a_marked_element_are_read() -> None:
    said = read('<div itemprop="author" class="byline">' * 100 + "<p>word word</p>" * 20_000)

    assert said["page"].byline is None
    assert said["itemprop"].authors == ()


OWN = '<time datetime="2026-05-22T08:00Z">22 May</time>'
OTHER = '<time datetime="2026-03-05T08:00Z">5 March</time>'


@pytest.mark.parametrize(
    "other",
    [
        f'<a href="/pier"><span>A softer arm for peaches and pears</span>{OTHER}</a>',
        f'<a href="/pier"><h3>A softer arm</h3><p>Peaches are picked at night now.</p>{OTHER}</a>',
        f"<nav><p>{OTHER}</p></nav>",
        f"<aside><p>Harbour closed</p>{OTHER}</aside>",
        f"<footer>{OTHER}</footer>",
        f'<section class="related"><p>Harbour closed</p>{OTHER}</section>',
        f'<div class="post-list read-more"><p>Harbour closed</p>{OTHER}</div>',
        f'<div class="sidebar__latest-news latest-news">{OTHER}</div>',
        f'<ul><li><h3><a href="/pier">Harbour closed</a></h3>{OTHER}</li></ul>',
        f'<article class="c"><h2><a href="/pier">Harbour closed</a></h2><div>{OTHER}</div></article>',
        f'<article><a href="/pier"><h3>Harbour closed</h3></a><p>{OTHER}</p></article>',
    ],
)
def test_a_time_of_another_story_is_not_the_page_s(other: str) -> None:
    alone, before = read(f"<h1>Storm</h1>{other}"), read(f"{other}<h1>Storm</h1>{OWN}")

    assert alone["time"].firstcreated is None
    assert before["time"].firstcreated
    assert iso(before["time"].firstcreated.when) == "2026-05-22T08:00:00Z"


@pytest.mark.parametrize(
    "own",
    [
        f'<a href="/storm" rel="bookmark">{OWN}</a>',
        f'<a href="/storm">Published on {OWN}</a>',
        f'<article class="card"><h1>Storm</h1>{OWN}</article>',
        f"<li>{OWN}</li>",
        f"<article><h2>Storm</h2>{OWN}</article>",
        f'<div class="post-meta">{OWN}</div>',
        f'<div class="related"><h1>Storm</h1>{OWN}</div>',
        f"<header>{OWN}</header>",
    ],
)
def test_a_time_of_the_page_itself_is_kept(own: str) -> None:
    time = read(own)["time"].firstcreated

    assert time
    assert iso(time.when) == "2026-05-22T08:00:00Z"

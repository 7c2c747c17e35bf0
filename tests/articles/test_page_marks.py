from ingestd.articles import page_marks
from ingestd.articles.clues import Clues
from ingestd.articles.tree import parse
from ingestd.times import iso


def read(body: str) -> dict[str, Clues]:
    return page_marks.read(parse(f"<html><body>{body}"))


def test_headings_deks_and_bylines_are_marked() -> None:
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


def test_microdata_is_read() -> None:
    said = read(
        '<b itemprop="headline">Storm</b><span itemprop="author">Ann Lee</span>'
        '<meta itemprop="datePublished" content="2024-05-01T08:00:00Z">'
    )["itemprop"]

    assert (said.headline, said.authors, said.firstcreated and iso(said.firstcreated.when)) == (
        "Storm",
        ("Ann Lee",),
        "2024-05-01T08:00:00Z",
    )


def test_the_first_time_element_that_says_a_time_holds() -> None:
    said = read('<time>soon</time><time datetime="2024-05-01T08:00:00Z">May 1</time><time>May 9, 2024</time>')["time"]

    assert said.firstcreated
    assert iso(said.firstcreated.when) == "2024-05-01T08:00:00Z"


def test_a_mark_around_the_whole_page_is_read_no_further_than_a_line() -> None:
    said = read('<div itemprop="author" class="byline">' * 100 + "<p>word word</p>" * 20_000)

    assert said["page"].byline is None
    assert said["itemprop"].authors == ()

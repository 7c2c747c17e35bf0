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


@pytest.mark.parametrize(
    ("body", "people"),
    [
        ("<p><a href=/author/ann>Ann Lee</a></p><aside><a href=/author/bo>Bo Ray</a></aside>", ("Ann Lee",)),
        ("<aside><a href=/author/bo>Bo Ray</a></aside><p><a href=/author/ann>Ann Lee</a></p>", ("Ann Lee",)),
        ("<p><a href=/autor/ann/>Ann Lee</a></p><nav><a href=/autor/bo/>Bo Ray</a></nav>", ("Ann Lee",)),
        (
            "<p><a rel=author href=/author/ann>Ann Lee</a><div class=related><a href=/author/bo>Bo Ray</a></div>",
            ("Ann Lee",),
        ),
        (
            "<a href=/auteur/ann>Ann Lee</a><ul><li><h3><a href=/x>Rain</a></h3><a href=/auteur/bo>Bo Ray</a></ul>",
            ("Ann Lee",),
        ),
        ("<a href=/author/ann>Ann Lee</a><div class=sidebar><a href=/author/bo>Bo Ray</a></div>", ("Ann Lee",)),
        ("<aside><a href=/author/ann>Ann Lee</a></aside><p>Text.</p>", ("Ann Lee",)),
        ("<p>Text.</p><footer><a href=/author/ann>Ann Lee</a></footer>", ("Ann Lee",)),
    ],
)
def test_links_to_authors_of_other_stories_are_no_evidence(body: str, people: tuple[str, ...]) -> None:
    assert read(body)["links"].authors == people


@pytest.mark.parametrize(
    "body",
    [
        '<a href=/x><h4>Rain</h4><p class="item__dek">Rain by noon, wind by night</p></a>',
        '<aside><p class="dek">Rain by noon, wind by night</p></aside>',
        '<ul><li><h3><a href=/x>Rain</a></h3><p class="subtitle">Rain by noon, wind by night</p></ul>',
        '<div class="related-stories"><p class="dek">Rain by noon, wind by night</p></div>',
        '<article><h3><a href=/x>Rain</a></h3><p class="standfirst">Rain by noon, wind by night</p></article>',
        '<nav><p class="subtitle">Rain by noon, wind by night</p></nav>',
        '<div class="author-bio-box"><div><p class="dek">Ann Lee has won prizes</p></div></div>',
        '<div class="author-info"><p class="sub-title">Ann Lee writes on rain and wind</p></div>',
        '<div class="bio"><p class="subtitle">Ann Lee writes on rain and wind</p></div>',
    ],
)
def test_a_dek_of_another_story_or_about_the_author_is_none(body: str) -> None:
    page = read(f'<h1>Storm nears the coast</h1>{body}<p class="dek">The boats stay in port</p>')["page"]

    assert page.description_text == "The boats stay in port"


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


@pytest.mark.parametrize(
    ("markup", "people"),
    [
        pytest.param(
            '<div class="authors"><span class="author">By: <a rel="author" href="/p/a"><span>Ann Lee</span></a></span>'
            '<span class="author"><i>,</i> <a rel="author" href="/p/b"><span>Bo Ray</span></a></span></div>',
            ("Ann Lee", "Bo Ray"),
            id="spans",
        ),
        pytest.param(
            "<ul>" + "".join(f'<li class="article-author">{n}</li>' for n in ("Ann Lee", "Bo Ray", "Cy Orr")) + "</ul>",
            ("Ann Lee", "Bo Ray", "Cy Orr"),
            id="list",
        ),
        pytest.param(
            '<div class="bylines"><div class="byline"><address>Ann Lee</address></div>'
            '<div class="byline"><address>Bo Ray</address></div></div>',
            ("Ann Lee", "Bo Ray"),
            id="a-byline-each",
        ),
        pytest.param(
            '<p class="detail__authors">von <a rel="author" href="/a">Ann Lee</a> und '
            '<a rel="author" href="/b">Bo Ray</a></p>',
            ("Ann Lee", "Bo Ray"),
            id="links-in-a-byline",
        ),
        pytest.param(
            '<div class="byline">By Ann Lee, <a class="author">Bo Ray</a> and <a class="author">Cy Orr</a></div>',
            ("Ann Lee", "Bo Ray", "Cy Orr"),
            id="one-without-a-link",
        ),
        pytest.param(
            '<div><div class="byline"><b class="author-name">Ann Lee</b><i class="author-role">Reporter</i></div>'
            '<div class="byline"><b class="author-name">Bo Ray</b><i class="author-role">Editor</i></div></div>',
            ("Ann Lee", "Bo Ray"),
            id="roles",
        ),
        pytest.param(
            '<div><span class="author">Ann</span><span class="author">Ann Lee</span><span class="author">Ann Lee is'
            "</span></div>",
            ("Ann Lee",),
            id="parts-of-one-name",
        ),
        pytest.param('<p class="autor">Ann Lee</p>', ("Ann Lee",), id="es"),
        pytest.param('<p class="nota-autor">Por Ann Lee</p>', ("Ann Lee",), id="es-compound"),
        pytest.param('<span class="penulis">Siti Aminah</span>', ("Siti Aminah",), id="id"),
        pytest.param('<span class="yazar">Ali Veli</span>', ("Ali Veli",), id="tr"),
        pytest.param('<span class="reporter">김민수 기자</span>', ("김민수",), id="ko"),
        pytest.param(
            '<p class="author">Автор: Иван Петров, Анна Сидорова</p>', ("Иван Петров", "Анна Сидорова"), id="ru"
        ),
        pytest.param('<div class="kommentare"><p class="autor">Bo Ray</p></div>', (), id="comment"),
        pytest.param('<div class="leserbrief"><span class="author">Bo Ray</span></div>', (), id="letter-to-the-editor"),
        pytest.param('<p class="coauthored">Bo Ray</p>', (), id="another-word"),
    ],
)
def test_all_marked_authors_are_read(markup: str, people: tuple[str, ...]) -> None:
    assert read(f"<h1>Storm nears</h1>{markup}<p>It rained.</p>")["page"].authors == people


@pytest.mark.parametrize(
    ("author", "people"),
    [
        ('<span itemprop="author">Ann Lee</span><span itemprop="author">Bo Ray</span>', ("Ann Lee", "Bo Ray")),
        ('<div itemprop="author"><b itemprop="name">Ann Lee</b><i>Our reporter</i></div>', ("Ann Lee",)),
        ('<div itemprop="author" itemscope><meta itemprop="name" content="Ann Lee"></div>', ("Ann Lee",)),
        pytest.param(
            '<div itemprop="author" itemscope itemtype="https://schema.org/Organization">'
            '<meta itemprop="name" content="Paper Editorial"></div>',
            (),
            id="organisation",
        ),
        pytest.param(
            '<figure itemscope itemtype="https://schema.org/ImageObject"><i itemprop="author">Cy Orr</i></figure>'
            '<span itemprop="author">Ann Lee</span>',
            ("Ann Lee",),
            id="picture",
        ),
        (
            '<span itemprop="author">Ann Lee</span><article itemscope><span itemprop="author">Bo Ray</span></article>',
            ("Ann Lee",),
        ),
        ('<span itemprop="author">记者 王小明 李小红</span>', ("王小明", "李小红")),
        ('<span itemprop="author">By Ann Lee, MD</span>', ("Ann Lee",)),
    ],
)
def test_authors_in_microdata_are_those_of_the_story(author: str, people: tuple[str, ...]) -> None:
    assert read(f"<div itemscope><h1 itemprop=headline>Storm</h1>{author}</div>")["itemprop"].authors == people


@pytest.mark.parametrize(
    ("link", "is_author"),
    [
        ("<a href='/author/lee'>Ann Lee</a>", True),
        ("<a href='/AUTHOR/lee' class='x'>Ann Lee</a>", True),
        ("<a href='/Autor/lee' rel='author'>Ann Lee</a>", True),
        ("<a href='/AUTHOR/lee'>Ann Lee</a>", False),
        ("<a href='/by/lee' class='x'>Ann Lee</a>", False),
        ("<a href='author' class='x'>Ann Lee</a>", False),
    ],
)
def test_a_link_to_an_author_is_told_by_its_address_and_its_marks(link: str, is_author: bool) -> None:
    assert read(f"<p>{link}</p>")["links"].authors == (("Ann Lee",) if is_author else ())

"""Pages that hold further stories: the text, headline, authors and times are those of the page's own."""

import pytest

from ingestd import times
from ingestd.articles import extract
from ingestd.model.article import Article
from ingestd.model.page import Page

HEADLINE = "Ferry pier to close for repairs"
OWN = (
    (
        "The harbour board voted on Tuesday to close the old ferry pier for repairs, after divers found that "
        "eleven of its forty piles had rotted through below the water line."
    ),
    (
        "Boats will use the coal quay until the autumn, the board said, and the last crossing of the day will "
        "leave half an hour earlier so that crews can moor before dark."
    ),
    (
        "Repairs will cost about four million crowns. The town pays a third of it, and the rest comes out of "
        "a fund for small ports that parliament set up two years ago."
    ),
)
OTHER_HEADLINE = "Hail storm sends the price of apples up by a third in the valley"
OTHER = (
    (
        "The price of apples rose by a third in the valley this autumn after a hail storm took down half of "
        "the crop in ten minutes, growers said on Monday at their yearly meeting."
    ),
    (
        "Cider makers will pay most of it, said the head of the growers, because they buy late and have no "
        "barns of their own to keep fruit in until the spring."
    ),
    (
        "Hail nets would have helped, she said, but few growers can pay for them, and the county gives money "
        "for no more than ten of them in a year."
    ),
    (
        "Shoppers can expect to pay about four crowns a kilo by Christmas, twice what they paid three years "
        "ago, when the harvest was the best in a generation."
    ),
    (
        "The county's minister for farms said that he would look into it in the new year, when the budget is "
        "made, but that he could promise nothing."
    ),
)
SIGNED = '<span class="author-name">Bo Ray</span><time datetime="2024-03-04T08:00:00Z">2024-03-04</time>'
AUTHOR = '<span class="author-name">Ann Lee</span><time datetime="2024-03-05T09:00:00Z">2024-03-05</time>'


def story(lines: tuple[str, ...]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


def page(body: str, head: str = "") -> Article:
    markup = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{HEADLINE} - The Fenwick Post</title>"
        f'<meta property="og:site_name" content="The Fenwick Post">{head}</head><body>{body}</body></html>'
    )
    return extract(Page(url="https://post.example/x", body=markup.encode(), content_type="text/html"))


H1, H1_OTHER = f"<h1>{HEADLINE}</h1>", f"<h1>{OTHER_HEADLINE}</h1>"
LINKED = f'<h2><a href="/apples">{OTHER_HEADLINE}</a></h2>'
ABOVE = f"<header>{H1}{AUTHOR}</header>"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            f"<main><article>{ABOVE}<div>{story(OWN)}</div></article><div id=more><div class=wrap><header>{H1_OTHER}"
            f"{SIGNED}</header><div>{story(OTHER)}</div></div></div></main>",
            id="h1-in-a-box-below",
        ),
        pytest.param(
            f"<main><article>{ABOVE}{story(OWN)}{H1_OTHER}<p>By Bo Ray</p>{story(OTHER)}</article></main>",
            id="h1-below-in-one-element",
        ),
        pytest.param(
            f"<main><article>{ABOVE}{story(OWN)}</article><article>{H1_OTHER}{SIGNED}{story(OTHER)}</article></main>",
            id="article-below",
        ),
        pytest.param(
            f"<main><article>{ABOVE}{story(OWN)}<article>{H1_OTHER}{SIGNED}{story(OTHER)}</article></article></main>",
            id="article-within",
        ),
        pytest.param(
            f"<main><article>{ABOVE}{story(OWN)}<article>{LINKED}{SIGNED}{story(OTHER)}</article></article></main>",
            id="article-within-with-a-linked-title",
        ),
        pytest.param(
            f"<main><article>{ABOVE}{story(OWN)}</article><section><article data-url='https://post.example/apples'>"
            f"<h2>{OTHER_HEADLINE}</h2><p>March 4, 2024</p>{story(OTHER)}</article></section></main>",
            id="article-with-an-address",
        ),
        pytest.param(
            f"<main><article class=post>{ABOVE}{story(OWN)}</article><article class=post><h2>{OTHER_HEADLINE}</h2>"
            f"<p>By Bo Ray</p>{story(OTHER)}</article></main>",
            id="twin-article-with-h2",
        ),
        pytest.param(
            f"<div class=scroll><div class='entry full'>{ABOVE}{story(OWN)}</div><div class='entry full'>"
            f"<h2>{OTHER_HEADLINE}</h2>{SIGNED}{story(OTHER)}</div></div>",
            id="twin-div",
        ),
        pytest.param(
            f"<div class=scroll><div class=entry>{ABOVE}{story(OWN)}</div><div class=entry>{H1_OTHER}{SIGNED}"
            f"{story(OTHER)}</div><div class=entry><h1>Choir sings in the brewery</h1><p>By Cy Orr</p>{story(OTHER)}"
            "</div></div>",
            id="two-of-them",
        ),
        pytest.param(
            f"<article>{ABOVE}{story(OWN)}</article><hr><article itemscope><h1>{OTHER_HEADLINE}</h1>"
            f"<i itemprop=datePublished content=2024-03-04>Monday</i>{story(OTHER)}</article>",
            id="microdata",
        ),
    ],
)
@pytest.mark.parametrize("head", ["", f'<meta property="og:title" content="{HEADLINE}">'], ids=["title", "og"])
def test_another_story_below_is_another_story(body: str, head: str) -> None:
    article = page(body, head)

    assert (article.headline, article.byline, article.authors) == (HEADLINE, "Ann Lee", ("Ann Lee",))
    assert article.body_text.split("\n\n") == list(OWN)
    assert times.iso(article.firstcreated) == "2024-03-05T09:00:00Z"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"{ABOVE}{story(OWN)}<h1>The price</h1>{story(OTHER)}", id="h1-as-a-section"),
        pytest.param(
            f"{ABOVE}{story(OWN)}<section><h2>Monday</h2><time datetime=2024-03-04>4.3.</time>{story(OTHER)}</section>",
            id="section-with-a-date",
        ),
        pytest.param(
            f"{ABOVE}{story(OWN)}<article id=p1><h3>Apples</h3><time datetime=2024-03-04>09:30</time>{story(OTHER)}"
            "</article>",
            id="post-of-a-live-blog",
        ),
        pytest.param(
            f"{ABOVE}{story(OWN)}<article id=p1><h3><a href='#p1'>Apples</a></h3><time>09:30</time>{story(OTHER)}"
            "</article>",
            id="post-with-a-link-to-itself",
        ),
        pytest.param(
            f"<h1>{HEADLINE}</h1><div><h1>{HEADLINE}</h1>{AUTHOR}{story((*OWN, *OTHER))}</div>", id="headline-twice"
        ),
        pytest.param(
            f"<div class=top>{ABOVE}</div><div class=top><h2>In short</h2>{AUTHOR}{story((*OWN, *OTHER))}</div>",
            id="story-in-a-box-like-the-header-s",
        ),
        pytest.param(
            f"<h1>News</h1><article><h1>{HEADLINE}</h1>{AUTHOR}{story((*OWN, *OTHER))}</article>", id="section-s-h1"
        ),
        pytest.param(
            f"{ABOVE}<div class=part>{story(OWN)}</div><div class=part><h2>Apples</h2>{story(OTHER)}</div>",
            id="parts-of-the-story",
        ),
    ],
)
def test_sections_and_posts_of_one_story_stay(body: str) -> None:
    article = page(f"<main><article>{body}</article></main>")

    assert article.headline == HEADLINE
    assert [line for line in (*OWN, *OTHER) if line not in article.body_text] == []


def test_posts_of_a_live_blog_stay_whatever_their_headings() -> None:
    live = '<script type="application/ld+json">{"@type": "LiveBlogPosting", "headline": "Ferry pier"}</script>'

    assert OTHER[0] in page(f"<main>{ABOVE}{story(OWN)}<h1>10:30</h1>{SIGNED}{story(OTHER)}</main>", live).body_text


@pytest.mark.parametrize(
    "related",
    [
        '<p><a href="/old">Old pier once burnt down, January 1, 2023</a></p>',
        '<ul><li><a href="/old">Old pier burnt down <time datetime="2023-01-01T10:00Z">1 January</time></a></li></ul>',
        '<div class="related"><h3><a href="/old">Old pier</a></h3><time datetime="2023-01-01">1.1.2023</time></div>',
        '<aside><a href="/old">Old pier burnt down</a><p>January 1, 2023</p></aside>',
        '<div class="teaser"><a href="/old"><h3>Old pier burnt down</h3><span>2023-01-01</span></a></div>',
        '<nav><a href="/old">1 January 2023</a></nav>',
        '<article><h3><a href="/old">Old pier</a></h3><time datetime="2023-01-01T10:00Z">1 Jan</time></article>',
        '<a href="/old"><span>January 1, 2023</span><span>Old pier burnt down and nobody was hurt in it</span></a>',
    ],
)
def test_a_date_in_a_link_to_another_story_is_not_the_story_s(related: str) -> None:
    printed = page(f"<main><article><h1>{HEADLINE}</h1>{related}<p>March 5, 2024</p>{story(OWN)}</article></main>")
    none = page(f"<main><article><h1>{HEADLINE}</h1>{related}{story(OWN)}</article></main>")

    assert printed.firstcreated
    assert printed.firstcreated.date().isoformat() == "2024-03-05"
    assert none.firstcreated is None


POST = '<{tag} class="post-{id} post type-post status-publish">{text}</{tag}>'


def wordpress(teasers: str, *, body: str = "single single-post postid-7", own: str = "7") -> Article:
    inner = f"<h1>{HEADLINE}</h1>{AUTHOR}{story(OWN)}"
    article = f'<article class="post-{own} post type-post status-publish">{inner}{teasers}</article>'
    markup = (
        f'<html><head><meta charset=utf-8><title>{HEADLINE}</title></head><body class="{body}">{article}</body></html>'
    )
    return extract(Page(url="https://post.example/7", body=markup.encode()))


@pytest.mark.parametrize(
    "teasers",
    [
        pytest.param(POST.format(tag="article", id=8, text=story(OTHER)), id="article"),
        pytest.param(POST.format(tag="div", id=8, text=story(OTHER)), id="div"),
        pytest.param(POST.format(tag="section", id=8, text=story(OTHER)), id="section"),
        pytest.param(f"<ul>{POST.format(tag='li', id=8, text=story(OTHER))}</ul>", id="list"),
        pytest.param(
            "<h3>Você pode gostar...</h3>"
            + "".join(POST.format(tag="article", id=70 + n, text=f"<p>{line}</p>") for n, line in enumerate(OTHER)),
            id="many-below-a-heading",
        ),
        pytest.param(f"</article>{POST.format(tag='article', id=8, text=story(OTHER))}<article>", id="behind"),
        pytest.param(
            POST.format(tag="div", id=8, text=POST.format(tag="div", id=9, text=story(OTHER))), id="one-in-another"
        ),
        pytest.param(POST.format(tag="article", id=77, text=story(OTHER)), id="an-id-that-begins-alike"),
    ],
)
def test_posts_of_other_ids_are_other_stories(teasers: str) -> None:
    assert wordpress(teasers).body_text == "\n\n".join(OWN)


@pytest.mark.parametrize(
    ("inner", "body", "own"),
    [
        pytest.param('<div class="post-7 type-post">{}</div>', "single postid-7", "7", id="the-same-id"),
        pytest.param('<div class="post-8 type-post">{}</div>', "single", "7", id="a-page-without-an-id"),
        pytest.param('<div class="post-8 type-post">{}</div>', "single postid-7", "5", id="a-page-without-its-post"),
        pytest.param('<div class="post-content">{}</div>', "single postid-7", "7", id="no-post"),
        pytest.param('<div class="post-8 type-quote">{}</div>', "single postid-7", "7", id="another-type"),
    ],
)
def test_other_elements_of_the_post_are_its_story(inner: str, body: str, own: str) -> None:
    assert OTHER[0] in wordpress(inner.format(story(OTHER)), body=body, own=own).body_text

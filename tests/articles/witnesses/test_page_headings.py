"""The page's own headline among its headings."""

import pytest

from ingestd.articles.body.tree import parse
from ingestd.articles.witnesses import page_headings

TITLE = "<title>Ferry pier to close for repairs - The Fenwick Post</title>"
HEADLINE = "Ferry pier to close for repairs"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"<h1><a href=/>The Fenwick Post</a></h1><h1>{HEADLINE}</h1>", id="link-home"),
        pytest.param(f"<h1>The Fenwick Post</h1><h2 class=headline>{HEADLINE}</h2>", id="behind-the-title-s-dash"),
        pytest.param(f"<a href=https://post.example/><h1>Fenwick</h1></a><h2>{HEADLINE}</h2>", id="in-a-link-home"),
        pytest.param(
            f"<div hidden><h1>We value your privacy and that of our 843 partners</h1></div><h1>{HEADLINE}</h1>",
            id="hidden-box",
        ),
        pytest.param(
            f"<div style='display: none'><h1>Subscribe now to read on and on</h1></div><h2>{HEADLINE}</h2>", id="style"
        ),
        pytest.param(f"<div role=dialog><h1>Sign in to go on reading today</h1></div><h1>{HEADLINE}</h1>", id="dialog"),
        pytest.param(f"<div class=cookie-consent><h1>Cookies at the Post</h1></div><h1>{HEADLINE}</h1>", id="consent"),
        pytest.param(f"<h1>{HEADLINE}</h1><aside><h1>Hail storm sends the price of apples up</h1></aside>", id="aside"),
        pytest.param(
            f"<article><h1>{HEADLINE}</h1></article><article><h1>Hail storm sends apples up in price</h1></article>",
            id="another-story-below",
        ),
        pytest.param(f"<h1>{HEADLINE}<script>var x=1;</script><button>Share</button></h1>", id="script-and-button"),
        pytest.param(f"<h1><a id=top></a>{HEADLINE}</h1>", id="anchor"),
        pytest.param(f"<figure><img><figcaption><h1>{HEADLINE}</h1></figcaption></figure>", id="caption-of-the-lead"),
        pytest.param(f"<header role=banner><h1>{HEADLINE}</h1></header>", id="banner"),
    ],
)
def test_the_headline_is_the_story_s(body: str) -> None:
    root = parse(f'<html><head>{TITLE}<meta property="og:site_name" content="The Fenwick Post"></head><body>{body}')

    assert page_headings.heading(root) == HEADLINE


@pytest.mark.parametrize(
    "body",
    [
        "<h1>The Fenwick Post</h1>",
        "<nav><ol><li><h1>Ferry pier to close</h1></li></ol></nav><h2>Old pier shuts</h2>",
        "<h2>Hail storm sends the price of apples up</h2>",
        "<footer><h1>About the company that prints this</h1></footer>",
    ],
)
def test_a_page_without_a_heading_of_its_own_has_none(body: str) -> None:
    assert page_headings.heading(parse(f"<html><head>{TITLE}</head><body>{body}")) is None


def test_an_application_s_name_may_be_the_headline() -> None:
    page = f'<title>{HEADLINE}</title><meta name="application-name" content="{HEADLINE}"><h1>{HEADLINE}</h1>'

    assert page_headings.heading(parse(f"<html>{page}")) == HEADLINE


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        ("Storm nears the coast", "Weather Storm nears the coast"),
        ("Weather: Storm nears the coast", "Weather Storm nears the coast"),
        ("Weather / Storm nears the coast", "Weather – Storm nears the coast"),
        ("Umbau: Der Hafen wird geschlossen", "Umbau :Der Hafen wird geschlossen"),
        ("Le port ferme pour tout l’été", "Reportage Le port ferme pour tout l’été"),
        ("El puerto cierra todo el verano", "Norte El puerto cierra todo el verano"),
        ("Порт закрыт на всё лето", "Север Порт закрыт на всё лето"),
        ("ノルウェー沿岸に大嵐が接近している", "速報 ノルウェー沿岸に大嵐が接近している"),
    ],
)
def test_a_second_heading_with_a_kicker_is_the_headline_without_a_first_one(title: str, heading: str) -> None:
    kicker, _, rest = heading.partition(" ")
    page = f'<meta property="og:title" content="{title}"><nav><h1>Other</h1></nav><h2>{kicker} <span>{rest}</span></h2>'

    assert page_headings.heading(parse(f"<html>{page}")) == heading

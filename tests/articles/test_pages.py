"""Whole pages, one kind of fault a test: what belongs to the story is in its text, and nothing else is."""

from ingestd.articles import extract
from ingestd.model.article import Article
from ingestd.model.page import Page

LEDE = (
    "The harbour board voted on Tuesday to close the old ferry pier for repairs, after divers found that eleven of its "
    "forty piles had rotted through below the water line."
)
SECOND = (
    "Boats will use the coal quay until the autumn, the board said, and the last crossing of the day will leave half "
    "an hour earlier so that crews can moor before dark."
)
THIRD = (
    "“We could have waited for another winter, but nobody would have slept,” said Maren Holt, who has run the pier for "
    "nineteen years and whose father built its ticket booth."
)
LAST = (
    "Repairs will cost about four million crowns. The town pays a third of it, and the rest comes out of a fund for "
    "small ports that parliament set up two years ago."
)
STORY = (LEDE, SECOND, THIRD, LAST)


def page(*blocks: str, head: str = "", above: str = "<h1>Ferry pier to close</h1>", language: str = "en") -> Article:
    """Extract a page of blocks; a block without markup is a paragraph."""
    body = "".join(block if block.startswith("<") else f"<p>{block}</p>" for block in blocks)
    markup = (
        f"<!doctype html><html lang={language}><head><meta charset=utf-8><title>Ferry pier to close - The Post</title>"
        f'<meta property="article:published_time" content="2024-06-05T09:00:00Z">{head}</head><body>'
        f"<header><a href='/'>The Post</a></header><main><article>{above}<div class='text'>{body}</div></article>"
        "</main><footer><p>© 2024 The Post</p></footer></body></html>"
    )
    return extract(Page(url="https://news.example/x", body=markup.encode(), content_type="text/html; charset=utf-8"))


def paragraphs(article: Article) -> list[str]:
    return article.body_text.split("\n\n")


def test_inline_elements_part_no_words_in_headline_dek_and_byline() -> None:
    article = page(
        *STORY,
        above="<h1>The <em>Petrel</em>’s last trip: “H<sub>2</sub>O”</h1><p class=dek>The <b>Petrel</b>’s crew left "
        "her at <a href=/s>Skelling</a>, and nobody knows why (<i>yet</i>).</p>"
        "<p class=byline>By <a href=/a>Ada Marsh</a>, <a href=/b>Ben Olsen</a></p>",
    )

    assert article.headline == "The Petrel’s last trip: “H2O”"
    assert article.description_text == "The Petrel’s crew left her at Skelling, and nobody knows why (yet)."
    assert (article.byline, article.authors) == ("Ada Marsh, Ben Olsen", ("Ada Marsh", "Ben Olsen"))
    assert paragraphs(article) == [*STORY]


def test_soft_hyphens_are_in_no_field() -> None:
    article = page(
        *(line.replace("er ", "e&shy;r ") for line in STORY),
        above="<h1>Ferry pi&shy;er to close</h1><p class=dek>A vote of the harb&shy;our board in the winter.</p>"
        "<p class=byline>By Ada M&#173;arsh</p>",
        head='<meta name=author content="Ada M&shy;arsh"><meta property="og:title" content="Ferry pi&shy;er to close">',
    )

    assert (article.headline, article.byline, article.authors) == ("Ferry pier to close", "Ada Marsh", ("Ada Marsh",))
    assert article.description_text == "A vote of the harbour board in the winter."
    assert paragraphs(article) == [*STORY]
    assert "\xad" not in repr(article)

import json

from ingestd.articles.body.blocks import Block, Run
from ingestd.articles.body.tree import parse
from ingestd.articles.witnesses import json_ld_text

FIRST = "The mayor said on Monday that the bridge over the narrows would stay closed until the autumn, at the least."
SECOND = "Boats will take its place, and the first of them, the Marbella, leaves on Friday at six in the morning."
ASIDE = "Tell us what you think of the bridge: write to the desk."


def block(text: str, tag: str = "p") -> Block:
    return Block(tag, (Run(text),))


def page(body: str) -> str:
    return f"<script type='application/ld+json'>{body}</script><p>x</p>"


def article_body(text: str) -> str:
    return json_ld_text.read(parse(page(json.dumps({"@type": "NewsArticle", "articleBody": text}))))


def test_blocks_that_articlebody_does_not_contain_are_removed() -> None:
    blocks = [block("Until autumn"), block(FIRST), block(ASIDE), block("Boats", "h2"), block(SECOND)]

    kept = json_ld_text.confirmed_blocks(blocks, article_body(f"<p>{FIRST}</p>\n<p>{SECOND}</p>"))

    assert [one.text for one in kept] == ["Until autumn", FIRST, "Boats", SECOND]


def test_an_articlebody_with_the_first_paragraph_alone_is_ignored() -> None:
    blocks = [block(FIRST), block(ASIDE), block(SECOND)]

    assert json_ld_text.confirmed_blocks(blocks, article_body(FIRST)) == tuple(blocks)


def test_texts_longer_than_any_story_are_not_compared() -> None:
    story = [block(FIRST), block(ASIDE)]
    letters = article_body(FIRST)

    assert json_ld_text.confirmed_blocks(story, letters * 2000) == tuple(story)
    assert json_ld_text.confirmed_blocks([block(FIRST * 20), block(ASIDE)], article_body(FIRST * 20)) != (
        block(FIRST * 20),
        block(ASIDE),
    )


def test_a_page_without_articlebody_keeps_all_blocks() -> None:
    assert json_ld_text.confirmed_blocks([block(FIRST)], json_ld_text.read(parse("<p>x</p>"))) == (block(FIRST),)
    assert json_ld_text.confirmed_blocks([], article_body(FIRST)) == ()


def test_articlebody_is_read_from_a_script_that_is_broken_elsewhere() -> None:
    assert (
        json_ld_text.read(parse(page('{"headline": "a "b" c", "articleBody" : "Fog \\"at\\" dawn.\\u00e9",,}')))
        == "fogatdawné"
    )


def test_an_articlebody_with_an_invalid_escape_is_ignored() -> None:
    assert json_ld_text.read(parse(page('{"articleBody": "Fog \\x"}'))) == ""

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


def said(text: str) -> str:
    return json_ld_text.read(parse(page(json.dumps({"@type": "NewsArticle", "articleBody": text}))))


def test_what_the_page_does_not_count_as_text_goes() -> None:
    blocks = [block("Until autumn"), block(FIRST), block(ASIDE), block("Boats", "h2"), block(SECOND)]

    kept = json_ld_text.confirmed_blocks(blocks, said(f"<p>{FIRST}</p>\n<p>{SECOND}</p>"))

    assert [one.text for one in kept] == ["Until autumn", FIRST, "Boats", SECOND]


def test_a_first_paragraph_alone_is_no_witness() -> None:
    blocks = [block(FIRST), block(ASIDE), block(SECOND)]

    assert json_ld_text.confirmed_blocks(blocks, said(FIRST)) == tuple(blocks)


def test_what_is_longer_than_any_story_is_not_compared() -> None:
    story = [block(FIRST), block(ASIDE)]
    letters = said(FIRST)

    assert json_ld_text.confirmed_blocks(story, letters * 2000) == tuple(story)
    assert json_ld_text.confirmed_blocks([block(FIRST * 20), block(ASIDE)], said(FIRST * 20)) != (
        block(FIRST * 20),
        block(ASIDE),
    )


def test_a_page_that_tells_nothing_keeps_all() -> None:
    assert json_ld_text.confirmed_blocks([block(FIRST)], json_ld_text.read(parse("<p>x</p>"))) == (block(FIRST),)
    assert json_ld_text.confirmed_blocks([], said(FIRST)) == ()


def test_a_script_that_is_broken_elsewhere_still_tells() -> None:
    assert (
        json_ld_text.read(parse(page('{"headline": "a "b" c", "articleBody" : "Fog \\"at\\" dawn.\\u00e9",,}')))
        == "fogatdawné"
    )


def test_a_script_with_a_wrong_escape_tells_nothing() -> None:
    assert json_ld_text.read(parse(page('{"articleBody": "Fog \\x"}'))) == ""

"""Lines that style keeps, quotations in asides, and stories appended in sections, on whole pages."""

import pytest

from ingestd.articles import extract
from ingestd.model.page import Page

LINES = (
    "The harbour board voted on Tuesday to close the old ferry pier, after divers found that its piles had rotted.",
    "Boats will use the coal quay until the autumn, the board said, and the last crossing of the day will leave early.",
    "Repairs will cost about four million crowns, and the rest comes out of a fund for small ports that is new.",
    "Nobody on the quay had been asked, said the woman who has run the pier for nineteen years with her brother.",
)
STORY = "".join(f"<p>{line}</p>" for line in LINES)


def text_of(body: str) -> str:
    html = f"<html><head><title>Ferry pier to close</title></head><body><main>{body}</main></body></html>"
    return extract(Page(url="https://news.example/x", body=html.encode(), content_type="text/html")).body_text


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('<div style="white-space: pre-line">{0}\n\n{1}\n\n{2}\n\n{3}</div>', id="pre-line"),
        pytest.param('<div style="white-space:pre-wrap">{0}\n{1}\n{2}\n{3}</div>', id="pre-wrap"),
        pytest.param('<div class="text whitespace-pre-line">{0}\n{1}\n{2}\n{3}</div>', id="class"),
        pytest.param(
            '<div style="color:red;WHITE-space:PRE-WRAP;white-space:pre-wrap">{0}\n{1}\n{2}\n{3}</div>', id="case"
        ),
        pytest.param('<div style="white-space: break-spaces">\n{0}\n{1}\n{2}\n{3}\n</div>', id="break-spaces"),
        pytest.param('<div style="white-space:pre-line"><span>{0}\n\n{1}</span>\n\n{2}\n\n{3}</div>', id="in-a-span"),
        pytest.param('<div style="white-space:pre-line"><b>{0}</b>\n{1}\n{2}\n{3}</div>', id="behind-an-element"),
        pytest.param('<div style="white-space:pre-line">\n<p>{0}</p>\n<p>{1}</p>\n<p>{2}\n{3}</p></div>', id="with-p"),
        pytest.param('<div style="white-space: normal"><p>{0}</p><p>{1}</p><p>{2}</p><p>{3}</p></div>', id="normal"),
    ],
)
def test_lines_that_the_style_keeps_are_paragraphs(body: str) -> None:
    assert text_of(f"<article><h1>Ferry pier to close</h1>{body.format(*LINES)}</article>") == "\n\n".join(LINES)


@pytest.mark.parametrize("style", ["white-space: nowrap", "white-space: normal", "color: red"])
def test_other_line_ends_are_spaces(style: str) -> None:
    first, second = LINES[0].split(",")
    body = f'<div style="{style}"><p>{first},\n{second}</p>{STORY}</div>'

    assert text_of(f"<article><h1>Ferry pier to close</h1>{body}</article>").startswith(f"{first}, {second.strip()}")


@pytest.mark.parametrize(
    "aside",
    [
        "<aside><blockquote>Nobody asked us at the quay.</blockquote></aside>",
        "<aside class=quote><blockquote><p>Nobody asked us at the quay.</p></blockquote><p>Edda Brill</p></aside>",
        "<aside>\n<figure><blockquote>Nobody asked us at the quay.</blockquote></figure>\n</aside>",
        "<aside><blockquote>Nobody asked us at the quay.<footer>Edda Brill, pilot</footer></blockquote></aside>",
    ],
)
def test_a_quotation_in_an_aside_stays(aside: str) -> None:
    middle = len(STORY) // 2
    at = STORY.index("<p>", middle)

    text = text_of(f"<article><h1>Ferry pier to close</h1>{STORY[:at]}{aside}{STORY[at:]}</article>")

    assert "Nobody asked us at the quay." in text


@pytest.mark.parametrize(
    "aside",
    [
        "<aside><h2>More</h2><blockquote>Nobody asked us at the quay.</blockquote></aside>",
        "<aside><ul><li>Nobody asked us at the quay.</li></ul></aside>",
        "<aside><p>Nobody asked us at the quay.</p></aside>",
    ],
)
def test_other_asides_are_no_text(aside: str) -> None:
    assert "Nobody asked us" not in text_of(f"<article><h1>Ferry pier to close</h1>{STORY}{aside}</article>")


@pytest.mark.parametrize("holder", ["section data-url", "section data-href", "div data-permalink", "div data-post-url"])
def test_a_story_with_an_address_of_its_own_is_another(holder: str) -> None:
    tag = holder.split(maxsplit=1)[0]
    other = "<h2>Hail raises apples</h2><p class=byline>By Ben Olsen</p>" + "".join(
        f"<p>Apples cost {price} crowns more this autumn, growers said on Monday at their yearly meeting in town.</p>"
        for price in (3, 4, 5)
    )
    own = f"<article><h1>Ferry pier to close</h1><p class=byline>By Ada Marsh</p>{STORY}</article>"

    assert "Apples" not in text_of(f'{own}<{holder}="/apples">{other}</{tag}>')
    assert "Apples" in text_of(f"{own.removesuffix('</article>')}<section>{other}</section></article>")

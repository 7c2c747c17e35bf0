"""Pages whose story is in the data of their program: one input for each framework, and hostile ones."""

import json
import time
from contextlib import suppress
from html import escape

import pytest

from ingestd.articles import extract
from ingestd.errors import NoArticle
from ingestd.model.article import Article
from ingestd.model.page import Page

TITLE = "Ferry pier to close for repairs"
STORY = (
    (
        "The harbour board voted on Tuesday to close the old ferry pier for repairs, after divers found that eleven of "
        "its forty piles had rotted through below the water line."
    ),
    "Boats will use the coal quay until the autumn, the board said, and the last crossing will leave earlier.",
    "“We could have waited for another winter, but nobody would have slept,” said Maren Holt & Co. of “the pier”.",
    "Repairs will cost about four million crowns. The town pays a third of it.",
)
KOREAN = (
    "항만위원회는 화요일 낡은 여객선 부두를 폐쇄하기로 했다. 잠수부들이 말뚝 열한 개가 썩은 것을 발견했기 때문이다.",
    "배는 가을까지 석탄 부두에서 출발한다고 위원회는 밝혔다. 마지막 배는 삼십 분 일찍 떠난다.",
    "수리에는 사백만 크로네가 들며, 시가 그 삼분의 일을 부담한다고 시장은 말했다.",
)
HTML = "".join(f"<p>{escape(line, quote=False)}</p>" for line in STORY)
OTHERS = [{"title": f"Another story {n}", "url": f"/{n}", "body": f"<p>{'Other words. ' * 200}</p>"} for n in range(3)]


def page(script: str, *, title: str = TITLE, body: str = "<div id=root></div>", head: str = "") -> Article:
    markup = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title} - The Post</title>"
        f'<meta property="og:title" content="{title}">{head}</head><body>{body}{script}</body></html>'
    )
    return extract(Page(url="https://news.example/x", body=markup.encode(), content_type="text/html; charset=utf-8"))


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def flight(*rows: str, size: int = 70) -> str:
    """Return pushes of a stream of rows, each of `size` characters, so that rows and texts are split across pushes."""
    stream = "".join(rows)
    parts = [stream[at : at + size] for at in range(0, len(stream), size)]
    pushes = (f"<script>self.__next_f.push([1,{as_json(part)}])</script>" for part in parts)
    return "<script>(self.__next_f=self.__next_f||[]).push([0])</script>" + "".join(pushes)


def text_row(name: str, text: str) -> str:
    return f"{name}:T{len(text.encode()):x},{text}"


def next_data(value: object) -> str:
    return f'<script id="__NEXT_DATA__" type="application/json">{as_json({"props": {"pageProps": value}})}</script>'


def assigned(name: str, value: object) -> str:
    return f"<script>{name} = {as_json(value)};window.other=function(){{return 1}}</script>"


ARC = [{"type": "text", "content": escape(line, quote=False)} for line in STORY]
ARC[1:1] = [{"type": "image", "caption": "The pier", "url": "/p.jpg"}]  # type: ignore[list-item]
CONTENTFUL = {
    "nodeType": "document",
    "content": [
        {"nodeType": "paragraph", "content": [{"nodeType": "text", "value": line, "marks": []}]} for line in STORY
    ],
}
SANITY = [
    {
        "_type": "block",
        "style": "normal",
        "children": [{"_type": "span", "text": line[:20]}, {"_type": "span", "text": line[20:]}],
    }
    for line in STORY
]
EDITOR_JS = {"blocks": [{"type": "paragraph", "data": {"text": escape(line, quote=False)}} for line in STORY]}
PROSE_MIRROR = {
    "type": "doc",
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": s}]} for s in STORY],
}


def _paragraph(line: str) -> list[object]:
    return ["$", "p", None, {"className": "x", "children": [line[:30], ["$", "em", None, {"children": line[30:]}]]}]


ELEMENTS = [
    "$",
    "article",
    None,
    {
        "children": [
            ["$", "h1", None, {"children": TITLE}],
            ["$", "$L7", "a", {"children": [_paragraph(line) for line in STORY]}],
        ]
    },
]
NUXT_2 = (
    '<script>window.__NUXT__=(function(a,b,c){return {layout:"default",data:[{story:{title:a,id:12,show:!0,ratio:.5,'
    f"seen:void 0,html:b,tags:['x'],at:new Date(1)}}}}],more:c}}}}({as_json(TITLE)},{as_json(HTML)},null));</script>"
)
NUXT_3 = (
    '<script type="application/json" id="__NUXT_DATA__" data-ssr="true">'
    + as_json([["ShallowReactive", 1], {"data": 2}, {"story": 3}, {"title": 4, "text": 5, "a": 6}, TITLE, HTML, [4]])
    + "</script>"
)
APOLLO = {
    "ROOT_QUERY": {"__typename": "Query", 'story({"id":"7"})': {"__ref": "Story:7"}},
    "Story:7": {"__typename": "Story", "headline": TITLE, "body": {"__ref": "Body:9"}},
    "Body:9": {"__typename": "Body", "html": HTML},
}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(next_data({"article": {"title": TITLE, "body": HTML}, "more": OTHERS}), id="next, html"),
        pytest.param(
            next_data({"seo": {"title": TITLE}, "article": {"body": HTML, "title": TITLE}}), id="next, nested"
        ),
        pytest.param(
            next_data({"post": {"title": {"rendered": TITLE}, "content": {"rendered": HTML}}}), id="wordpress"
        ),
        pytest.param(next_data({"story": {"headline": TITLE, "content": CONTENTFUL}}), id="contentful"),
        pytest.param(next_data({"story": {"headline": TITLE, "content": SANITY}}), id="sanity"),
        pytest.param(next_data({"story": {"headline": TITLE, "content": EDITOR_JS}}), id="editor.js"),
        pytest.param(next_data({"story": {"headline": TITLE, "content": PROSE_MIRROR}}), id="prosemirror"),
        pytest.param(next_data({"story": {"headline": TITLE, "paragraphs": list(STORY)}}), id="strings"),
        pytest.param(next_data({"story": {"headline": TITLE, "text": "\n\n".join(STORY)}}), id="plain text"),
        pytest.param(next_data({"state": json.dumps({"story": {"headline": TITLE, "body": HTML}})}), id="json in json"),
        pytest.param(flight(f'5:["$","$L7",null,{as_json({"story": {"title": TITLE, "body": HTML}})}]\n'), id="flight"),
        pytest.param(
            flight(text_row("1f", HTML), f'5:["$","$L7",null,{as_json({"title": TITLE, "body": "$1f"})}]\n'),
            id="flight, text row",
        ),
        pytest.param(
            flight(
                '3:I[9,["x"],"y"]\n',
                f"4:{as_json({'title': TITLE, 'content': '$1a'})}\n",
                text_row("1a", HTML),
                '0:["$","div",null,{}]\n',
                size=7,
            ),
            id="flight, text row behind",
        ),
        pytest.param(flight(f"2:{as_json(ELEMENTS)}\n"), id="flight, elements"),
        pytest.param(flight(f"2:{as_json({'title': TITLE, 'blocks': ARC})}\n"), id="flight, blocks"),
        pytest.param(NUXT_2, id="nuxt 2"),
        pytest.param(NUXT_3, id="nuxt 3"),
        pytest.param(
            assigned(
                "window.Fusion=window.Fusion||{};Fusion.globalContent",
                {"headlines": {"basic": TITLE}, "content_elements": ARC, "related": OTHERS},
            ),
            id="fusion",
        ),
        pytest.param(assigned("window.__APOLLO_STATE__", APOLLO), id="apollo"),
        pytest.param(
            assigned("window.__PRELOADED_STATE__", {"page": {"title": TITLE, "content": {"html": HTML}}}), id="redux"
        ),
        pytest.param(
            assigned("window['__INITIAL_STATE__']", {"page": {"title": TITLE, "text": HTML}}), id="initial state"
        ),
        pytest.param(
            f"<script>window.__INITIAL_STATE__=JSON.parse({as_json(json.dumps({'t': TITLE, 'b': HTML}))})</script>",
            id="json.parse",
        ),
        pytest.param(
            '<script type="application/ld+json">'
            + as_json({"@type": "NewsArticle", "headline": TITLE, "articleBody": HTML})
            + "</script>",
            id="articleBody",
        ),
    ],
)
def test_the_story_is_read_from_data(script: str) -> None:
    article = page(script)

    assert article.headline == TITLE
    assert article.body_text.split("\n\n") == [*STORY]


def test_a_korean_story_in_flight_data() -> None:
    html = "".join(f"<p>{line}</p>" for line in KOREAN)
    rows = (f"4:{as_json({'title': '여객선 부두 폐쇄', 'body': '$1a'})}\n", text_row("1a", html))
    notice = "<footer>주소 서울특별시 중구 세종대로 1, 등록번호 서울 아 00000, 발행인 홍길동</footer>"

    article = page(flight(*rows, size=11), title="여객선 부두 폐쇄", body=f"<div id=__next></div>{notice}")

    assert article.body_text.split("\n\n") == [*KOREAN]
    assert article.language == "ko"


def test_the_markup_wins_where_it_has_the_story() -> None:
    body = f"<article><h1>{TITLE}</h1>{HTML}</article>"

    longer = next_data({"article": {"title": TITLE, "body": HTML * 3 + "<p>More words than the page has.</p>"}})
    assert page(longer, body=body).body_text.split("\n\n") == [*STORY]


def test_a_story_with_another_headline_is_not_the_page_s() -> None:
    with pytest.raises(NoArticle):
        page(next_data({"stories": OTHERS, "article": {"title": "Something else", "body": HTML}}))


def test_a_brief_stays() -> None:
    brief = f"<article><h1>{TITLE}</h1><p>{STORY[0]}</p></article>"

    article = page(next_data({"article": {"title": TITLE, "body": f"<p>{STORY[0]}</p>"}, "more": OTHERS}), body=brief)
    assert article.body_text == STORY[0]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(f"<script>window.__NUXT__={'[' * 300_000}</script>", id="deep lists"),
        pytest.param("<script>window.__NUXT__=" + '{"a":' * 300_000 + "</script>", id="deep objects"),
        pytest.param("<script>window.__NUXT__={a:" + "{a:" * 200_000 + "</script>", id="deep literals"),
        pytest.param("<script>window.__NUXT__={a:'" + "x\\" * 900_000 + "</script>", id="a string without end"),
        pytest.param("<script>" + "window.__A__={a:" * 100_000 + "</script>", id="many assignments"),
        pytest.param('<script>self.__next_f.push([1,"' + "x" * 2_000_000 + "</script>", id="a push without end"),
        pytest.param("<script>" + 'self.__next_f.push([1,"a' * 100_000 + "</script>", id="many pushes without end"),
        pytest.param(flight("1:Tfffffff,x", "2:[]\n" * 50_000), id="a text row without end"),
        pytest.param(
            flight(f"1:{as_json(['$2', '$1', {'t': TITLE, 'a': '$1', 'b': '$2'}])}\n", '2:["$1","$2"]\n'),
            id="circles",
        ),
        pytest.param(
            f'<script type="application/json" id="__NUXT_DATA__">[[{"0," * 50_000}0]]</script>', id="circles of nuxt"
        ),
        pytest.param(next_data([{"title": TITLE, "a": [TITLE] * 50}] * 3_000), id="many headlines"),
        pytest.param(next_data({"title": TITLE, "a": [[[["word word"] * 20] * 20] * 20] * 10}), id="lists of lists"),
        pytest.param('<script type="application/json">' + "[1," * 7_000_000 + "</script>", id="20 MB"),
        pytest.param(
            f"<script>window.__NUXT__=(function({'a,' * 100_000}){{return {'(' * 100_000}</script>", id="a call"
        ),
    ],
)
def test_hostile_data_is_bounded_in_time(script: str) -> None:
    start = time.process_time()
    with suppress(NoArticle):
        page(script)

    assert time.process_time() - start < 12

import json
from typing import Any

import pytest

from ingestd.articles import json_ld
from ingestd.articles.clues import Clues
from ingestd.articles.tree import parse
from ingestd.model import Image
from ingestd.times import iso


def read(*scripts: Any) -> Clues:
    texts = (script if isinstance(script, str) else json.dumps(script) for script in scripts)
    root = parse("<html><body>" + "".join(f'<script type="application/ld+json">{text}</script>' for text in texts))
    return json_ld.read(root, "https://paper.example/1")


ARTICLE = {"@type": "NewsArticle", "headline": "Storm nears", "datePublished": "2024-05-01T08:00:00Z"}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(ARTICLE, id="alone"),
        pytest.param([{"@type": "BreadcrumbList"}, ARTICLE], id="list"),
        pytest.param({"@graph": [{"@type": "WebSite", "name": "Paper"}, ARTICLE]}, id="graph"),
        pytest.param({"@type": "WebPage", "mainEntity": ARTICLE}, id="main-entity"),
        pytest.param(ARTICLE | {"@type": ["Article", "NewsArticle"]}, id="two-types"),
        pytest.param(json.dumps(ARTICLE)[:-1] + ",}", id="trailing-comma"),
        pytest.param("<!--" + json.dumps(ARTICLE) + "-->", id="in-a-comment"),
        pytest.param(json.dumps(ARTICLE).replace("nears", "nears\n"), id="raw-line-end"),
        pytest.param(json.dumps(ARTICLE)[:-1] + ', "author": {"name": "Ann', id="cut-short"),
    ],
)
def test_the_article_is_found(script: Any) -> None:
    clues = read(script)

    assert clues.headline == "Storm nears"
    assert clues.firstcreated
    assert iso(clues.firstcreated.when) == "2024-05-01T08:00:00Z"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param({"@type": "ItemList", "itemListElement": [ARTICLE]}, id="list-of-others"),
        pytest.param({"@type": "Organization", "name": "Paper"}, id="no-article"),
        pytest.param("[" * 5000, id="too-deep"),
        pytest.param("nothing", id="no-json"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_article_says_nothing(script: Any) -> None:
    assert read(script) == Clues()


@pytest.mark.parametrize(
    ("author", "byline", "people"),
    [
        ("Ann Lee", "Ann Lee", ("Ann Lee",)),
        ({"@type": "Person", "name": "By Ann Lee"}, "Ann Lee", ("Ann Lee",)),
        ([{"name": "Ann Lee"}, {"name": "Bo Ray"}], "Ann Lee and Bo Ray", ("Ann Lee", "Bo Ray")),
        ({"@type": "Organization", "name": "Wire Desk"}, "Wire Desk", ()),
        ({"@id": "#ann"}, "Ann Lee", ("Ann Lee",)),
        ({"url": "https://paper.example/ann"}, None, ()),
        (7, None, ()),
    ],
)
def test_authors_come_in_many_shapes(author: Any, byline: str | None, people: tuple[str, ...]) -> None:
    clues = read({"@graph": [{"@type": "Person", "@id": "#ann", "name": "Ann Lee"}, ARTICLE | {"author": author}]})

    assert (clues.byline, clues.authors) == (byline, people)


def test_a_picture_has_caption_and_credit() -> None:
    image = {"@type": "ImageObject", "url": "/a.jpg", "caption": "The &amp; quay", "creditText": "AP"}

    assert read(ARTICLE | {"image": [image, "/b.jpg"]}).images == (
        Image(href="https://paper.example/a.jpg", caption="The & quay", credit="AP"),
    )

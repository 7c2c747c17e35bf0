import json
from typing import Any

import pytest

from ingestd.articles.body.tree import parse
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import json_ld
from ingestd.model.article import Image
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
def test_the_article_node_is_found(script: Any) -> None:
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
def test_json_ld_without_an_article_gives_no_clues(script: Any) -> None:
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
        ([[{"name": "Ann Lee"}], [{"name": "Bo Ray"}]], "Ann Lee and Bo Ray", ("Ann Lee", "Bo Ray")),
        ({"@type": "Person", "name": {"@type": "Person", "name": "Ann Lee"}}, "Ann Lee", ("Ann Lee",)),
        ({"@type": "Person", "name": ["Ann Lee", "Bo Ray"]}, "Ann Lee and Bo Ray", ("Ann Lee", "Bo Ray")),
        ({"@type": "Person", "givenName": "Ann", "familyName": "Lee"}, "Ann Lee", ("Ann Lee",)),
        ({"name": {"@type": "Organization", "name": "Wire Desk"}}, "Wire Desk", ()),
        ([[{"@id": "#ann"}], "Bo Ray, Cy Orr"], "Ann Lee and Bo Ray, Cy Orr", ("Ann Lee", "Bo Ray", "Cy Orr")),
        ("Ann Lee; Bo Ray, MD", "Ann Lee; Bo Ray, MD", ("Ann Lee", "Bo Ray")),
        ([{"name": "Ann Lee"}, {"name": None}, {}, [[]], 7], "Ann Lee", ("Ann Lee",)),
        ("记者：王小明、李小红", "记者：王小明、李小红", ("王小明", "李小红")),
    ],
)
def test_authors_are_read_in_every_shape(author: Any, byline: str | None, people: tuple[str, ...]) -> None:
    clues = read({"@graph": [{"@type": "Person", "@id": "#ann", "name": "Ann Lee"}, ARTICLE | {"author": author}]})

    assert (clues.byline, clues.authors) == (byline, people)


@pytest.mark.parametrize(
    ("free", "paywall"),
    [
        (False, True),
        ("False", True),
        ("https://schema.org/True", False),
        (True, False),
        (None, None),
        ("maybe", None),
        ({"x": 1}, None),
    ],
)
def test_isaccessibleforfree_is_read_as_paywall(free: Any, paywall: bool | None) -> None:
    assert read(ARTICLE | {"isAccessibleForFree": free}).paywall is paywall


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"articleBody": "<p>It rained.</p> All day.", "wordCount": 9}, 4),
        ({"wordCount": "120"}, 120),
        ({"wordCount": 7}, 7),
        ({"wordCount": "many"}, None),
        ({"wordCount": True}, None),
        ({"articleBody": ""}, None),
        ({}, None),
    ],
)
def test_words_are_counted_in_articlebody_or_read_from_wordcount(fields: dict[str, Any], words: int | None) -> None:
    assert read(ARTICLE | fields).words == words


@pytest.mark.parametrize(
    ("fields", "terms"),
    [
        ({"license": "https://paper.example/terms"}, "https://paper.example/terms"),
        ({"license": {"@type": "CreativeWork", "name": "CC BY 4.0"}}, "CC BY 4.0"),
        ({"license": [{"@id": "https://paper.example/cc"}]}, "https://paper.example/cc"),
        ({"copyrightNotice": "© Paper"}, "© Paper"),
        ({"license": 7}, None),
    ],
)
def test_usage_terms_are_a_url_or_words(fields: dict[str, Any], terms: str | None) -> None:
    assert read(ARTICLE | fields).usageterms == terms


def test_a_picture_has_caption_and_credit() -> None:
    image = {"@type": "ImageObject", "url": "/a.jpg", "caption": "The &amp; quay", "creditText": "AP"}

    assert read(ARTICLE | {"image": [image, "/b.jpg"]}).images == (
        Image(href="https://paper.example/a.jpg", caption="The & quay", credit="AP"),
    )


PAGE = "<title>Ferry pier to close - The Post</title><h1>Ferry pier to close</h1>"
OWN = ARTICLE | {"headline": "Ferry pier to close", "author": "Ann Lee", "datePublished": "2024-03-05T09:00:00Z"}
OTHER = {
    "@type": "NewsArticle",
    "headline": "Old pier once burnt down",
    "url": "https://paper.example/old",
    "author": "Bo Ray",
    "datePublished": "2023-01-01T10:00:00Z",
}


def read_page(*scripts: Any, page: str = PAGE, url: str = "https://paper.example/1") -> Clues:
    markup = "".join(f'<script type="application/ld+json">{json.dumps(script)}</script>' for script in scripts)
    return json_ld.read(parse(f"<html><head>{markup}{page}"), url)


@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param([OTHER, OWN], id="headline"),
        pytest.param([[OTHER, OWN]], id="list"),
        pytest.param([{"@graph": [OTHER, OTHER | {"headline": "Ferry sails again"}, OWN]}], id="graph"),
        pytest.param([OTHER, OWN | {"url": "https://paper.example/1"}], id="address-and-headline"),
        pytest.param([OTHER, OWN | {"headline": "Pier shuts", "url": "https://paper.example/1/"}], id="address"),
        pytest.param([OTHER, OWN | {"headline": "Pier shuts", "mainEntityOfPage": {"@id": "/1"}}], id="main-entity"),
        pytest.param([OTHER, OWN | {"headline": "Pier shuts", "@id": "https://www.paper.example/1#article"}], id="id"),
        pytest.param([OTHER | {"url": None, "@id": "#a"}, OWN], id="other-without-address"),
        pytest.param([OWN | {"author": None}, OTHER, OWN | {"headline": "Ferry pier to close"}], id="two-nodes-of-it"),
    ],
)
def test_the_node_that_describes_the_page_is_read(scripts: list[Any]) -> None:
    clues = read_page(*scripts)

    assert clues.authors == ("Ann Lee",)
    assert clues.firstcreated
    assert iso(clues.firstcreated.when) == "2024-03-05T09:00:00Z"


def test_nodes_of_other_stories_alone_give_no_clues() -> None:
    assert read_page(OTHER) == Clues()
    assert read_page([OTHER, OTHER | {"headline": "Ferry sails again"}]) == Clues()


def test_a_node_without_another_address_describes_the_page_whatever_its_headline() -> None:
    assert read_page(OWN | {"headline": "Search engines read this"}).headline == "Search engines read this"


def test_the_canonical_address_is_the_page_s() -> None:
    page = "<title>News</title><link rel=canonical href=https://paper.example/old>"

    assert read_page(OTHER, page=page, url="https://paper.example/go?to=old").authors == ("Bo Ray",)

import pytest

from ingestd.articles import extract
from ingestd.articles.body.tree import parse
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import day_search
from ingestd.model.page import Page
from ingestd.times import iso

STORY = f"<p>{'The mayor said on Monday that the bridge would stay closed until the autumn. ' * 3}</p>"


def test_the_day_is_found_in_the_url() -> None:
    article = extract(Page(url="https://paper.example/2021/05/17/bridge", body=f"<h1>Bridge</h1>{STORY}".encode()))

    assert (iso(article.firstcreated), article.date_precision) == ("2021-05-17T00:00:00Z", "day")
    assert article.provenance["firstcreated"] == "search"


def test_a_day_in_the_url_is_not_used_when_a_witness_states_a_time() -> None:
    body = f'<meta property="article:published_time" content="2020-01-02T03:04:00Z">{STORY}'
    article = extract(Page(url="https://paper.example/2021/05/17/bridge", body=body.encode()))

    assert (iso(article.firstcreated), article.provenance["firstcreated"]) == ("2020-01-02T03:04:00Z", "meta")


@pytest.mark.parametrize(
    ("body", "url"),
    [
        pytest.param(STORY, "https://paper.example/bridge", id="no-day"),
        pytest.param(STORY, "", id="no-address"),
        pytest.param("<b>x</b>" * 20_000, "https://paper.example/2021/05/17/bridge", id="overgrown"),
    ],
)
def test_a_page_without_a_day_gives_no_clues(body: str, url: str) -> None:
    assert day_search.read(parse(f"<html><body>{body}"), url) == Clues()


@pytest.mark.parametrize(
    ("language", "line", "day"),
    [
        ("en-US", "03/05/2024", "2024-03-05"),
        ("en-US", "3/5/2024", "2024-03-05"),
        ("en-US", "03-05-2024", "2024-03-05"),
        ("fil", "03/05/2024", "2024-03-05"),
        ("en-GB", "03/05/2024", "2024-05-03"),
        ("fr", "03/05/2024", "2024-05-03"),
        ("en", "03/05/2024", None),
        ("", "03/05/2024", None),
        ("zh-CN", "03/05/2024", None),
        ("en", "2024-05-03", "2024-05-03"),
        ("en-US", "2024/05/03", "2024-05-03"),
    ],
)
def test_a_day_in_figures_alone_is_read_in_the_order_of_the_language(language: str, line: str, day: str | None) -> None:
    page = f'<html lang="{language}"><body><div class="date">{line}</div><h1>Bridge</h1>{STORY}'
    time = day_search.read(parse(page), "").firstcreated

    assert (iso(time.when) if time else None) == (f"{day}T00:00:00Z" if day else None)

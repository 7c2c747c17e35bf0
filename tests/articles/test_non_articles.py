from pathlib import Path

import pytest

from ingestd.articles import extract
from ingestd.errors import NoArticle
from ingestd.model.page import Page

DATA = Path(__file__).parent.parent / "data" / "other_pages"
PARAGRAPH = (
    "The mayor said on Monday that the bridge over the narrows would stay closed until the autumn, at the least."
)
THREE = "".join(f"<p>{number} {PARAGRAPH}</p>" for number in range(3))
SAID = "<meta property='og:type' content='article'>"
PICTURE = "<figure><img src='x.jpg'></figure>"
LINKS = "".join(f"<h3><a href='/{n}'>Ferries at quay {n} run late again</a></h3>" for n in range(12))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("front", "list of links"),
        ("front_of_titles", "list of links"),
        ("challenge", "whether the client is a browser"),
        ("captcha", "whether the client is a browser"),
        ("error", "error page"),
        ("error_de", "error page"),
        ("log_in", "log-in page"),
        ("gallery", "pictures"),
    ],
)
def test_a_page_in_place_of_an_article_is_described(name: str, reason: str) -> None:
    body = (DATA / f"{name}.html").read_bytes()

    with pytest.raises(NoArticle, match=reason):
        extract(Page(url="https://www.harborpost.example/story/1", body=body))


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param(f"<h1>404 days at sea</h1><p>{PARAGRAPH * 12}</p>", id="number-in-the-headline"),
        pytest.param(f"<h1>Ferry 404 runs aground</h1><p>{PARAGRAPH}</p>", id="number-in-a-short-story"),
        pytest.param(f"<h1>Are you a robot?</h1><p>{PARAGRAPH * 12}</p>", id="story-about-challenges"),
        pytest.param(f"<h1>Bridge</h1><p>{PARAGRAPH}</p><input type=password>", id="log-in-in-the-corner"),
        pytest.param(f"<h1>Bridge</h1><article>{THREE}</article>{LINKS}", id="links-below"),
        pytest.param(f"{SAID}<h1>Bridge</h1><p>{PARAGRAPH}</p>{LINKS}", id="says-it-is-an-article"),
        pytest.param(f"<h1>Bridge</h1><p>{PARAGRAPH * 2}</p>{PICTURE * 9}", id="story-with-pictures"),
    ],
)  # fmt: skip
def test_an_article_is_not_taken_for_another_kind_of_page(markup: str) -> None:
    article = extract(Page(url="https://www.harborpost.example/story/1", body=markup.encode()))

    assert PARAGRAPH in article.body_text

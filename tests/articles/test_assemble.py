from datetime import UTC, datetime

import pytest

from ingestd.articles.assemble import assemble, entry_clues
from ingestd.articles.body.blocks import Block, Run
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses.stated_times import StatedTime
from ingestd.errors import NoArticle
from ingestd.model.article import Article
from ingestd.model.page import Page

PAGE = Page(url="https://paper.example/1", body=b"")
STORY = "The mayor said on Monday that the bridge would stay closed until the autumn."


def blocks(*lines: str) -> tuple[Block, ...]:
    return tuple(Block("p", (Run(line),)) for line in lines)


def made(*lines: str, **clues: object) -> Article:
    said = Clues(**({"language": "en"} | clues))  # type: ignore[arg-type]  # a test's own fields
    return assemble(PAGE, blocks(*lines), {"meta": said}, ()).article


def test_the_dateline_is_lifted_off_the_first_paragraph_only() -> None:
    article = made(f"OSLO (AP) — {STORY}", f"BERGEN (AP) — {STORY}")

    assert article.dateline == "OSLO (AP)"
    assert article.body_text == f"{STORY}\n\nBERGEN (AP) — {STORY}"


def test_a_caption_that_only_its_credit_shows_is_no_paragraph() -> None:
    article = made("The quay at dawn. (Bo Ray/AP)", STORY)

    assert article.body_text == STORY
    assert [(image.href, image.caption, image.credit) for image in article.associations] == [
        ("", "The quay at dawn.", "Bo Ray/AP")
    ]


def test_a_version_is_never_older_than_its_story() -> None:
    first, before = (StatedTime(datetime(2024, 5, day, 8, tzinfo=UTC), "minute") for day in (2, 1))
    article = made(STORY, firstcreated=first, versioncreated=before)

    assert (article.firstcreated, article.versioncreated) == (first.when, first.when)


def test_a_page_saved_without_its_address_has_none() -> None:
    assert assemble(Page(url="", body=b""), blocks(STORY), {"meta": Clues(language="en")}, ()).article.uri is None


def test_too_little_text_is_no_article() -> None:
    with pytest.raises(NoArticle, match="7 characters"):
        made("Closed.")


def test_no_entry_says_nothing() -> None:
    assert entry_clues(None) == Clues()

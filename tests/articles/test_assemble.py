from datetime import UTC, datetime

import pytest

from ingestd.articles.assemble import assemble, entry_clues
from ingestd.articles.body.blocks import Block, Run
from ingestd.articles.clues import Clues
from ingestd.dates.stated_time import StatedTime
from ingestd.errors import NoArticle
from ingestd.model.article import Article
from ingestd.model.page import Page

PAGE = Page(url="https://paper.example/1", body=b"")
STORY = "The mayor said on Monday that the bridge would stay closed until the autumn."


def blocks(*lines: str) -> tuple[Block, ...]:
    return tuple(Block("p", (Run(line),)) for line in lines)


def made(*lines: str, **clues: object) -> Article:
    meta = Clues(**({"language": "en"} | clues))  # type: ignore[arg-type]  # a test's own fields
    return assemble(PAGE, blocks(*lines), {"meta": meta}, ()).article


def test_the_dateline_is_removed_from_the_first_paragraph_only() -> None:
    article = made(f"OSLO (AP) — {STORY}", f"BERGEN (AP) — {STORY}")

    assert article.dateline == "OSLO (AP)"
    assert article.body_text == f"{STORY}\n\nBERGEN (AP) — {STORY}"


def test_a_caption_recognised_by_its_credit_is_no_paragraph() -> None:
    article = made("The quay at dawn. (Bo Ray/AP)", STORY)

    assert article.body_text == STORY
    assert [(image.href, image.caption, image.credit) for image in article.associations] == [
        ("", "The quay at dawn.", "Bo Ray/AP")
    ]


def test_versioncreated_is_never_before_firstcreated() -> None:
    first, before = (StatedTime(datetime(2024, 5, day, 8, tzinfo=UTC), "minute") for day in (2, 1))
    article = made(STORY, firstcreated=first, versioncreated=before)

    assert (article.firstcreated, article.versioncreated) == (first.when, first.when)


def test_a_page_saved_without_its_url_has_no_uri() -> None:
    assert assemble(Page(url="", body=b""), blocks(STORY), {"meta": Clues(language="en")}, ()).article.uri is None


def test_too_little_text_is_no_article() -> None:
    with pytest.raises(NoArticle, match="7 characters"):
        made("Closed.")


def test_without_an_entry_there_are_no_clues() -> None:
    assert entry_clues(None) == Clues()

from datetime import UTC, datetime

from ingestd.articles import extract
from ingestd.model.feed import Entry
from ingestd.model.page import Page

ENTRY = Entry(
    guid="7",
    headline="Harbour reopens",
    authors=("Ann Lee",),
    language="en-gb",
    published=datetime(2024, 5, 1, tzinfo=UTC),
)


def fragment(body: str) -> Page:
    return Page(
        url="https://paper.example/7?utm_source=feed", body=body.encode(), content_type="text/html; charset=utf-8",
        entry=ENTRY, fragment=True,
    )  # fmt: skip


def test_a_short_entry_keeps_every_paragraph() -> None:
    article = extract(fragment("<p>The harbour reopened on Friday.</p><p>Boats <em>queued</em> for hours.</p>"))

    assert article.body_text == "The harbour reopened on Friday.\n\nBoats queued for hours."
    assert article.body_html == "<p>The harbour reopened on Friday.</p><p>Boats <em>queued</em> for hours.</p>"
    assert (article.headline, article.language, article.uri) == ("Harbour reopens", "en-GB", "https://paper.example/7")


def test_an_entry_is_filtered_like_a_page() -> None:
    article = extract(
        fragment(
            "<figure><img src='/a.jpg'><figcaption>The quay. (Bo Ray/AP)</figcaption></figure>"
            "<h2>Harbour reopens</h2><p>By Ann Lee</p><p>OSLO (AP) — The harbour reopened on Friday after a storm.</p>"
            "<p>Sign up for our newsletter</p><p><a href='/8'>Storm over the fjord</a></p>"
        )
    )

    assert article.body_text == "The harbour reopened on Friday after a storm."
    assert article.dateline == "OSLO (AP)"
    assert [(image.href, image.caption, image.credit) for image in article.associations] == [
        ("https://paper.example/a.jpg", "The quay.", "Bo Ray/AP")
    ]


def test_active_markup_is_removed() -> None:
    article = extract(
        fragment(
            "<p onclick=x()>The harbour reopened on Friday.<script>alert(1)</script></p>"
            "<p><a href='javascript:x()'>Boats</a> queued for &lt;b&gt; hours. <a href='/q'>All of them</a>.</p>"
        )
    )

    assert article.body_html == (
        "<p>The harbour reopened on Friday.</p>"
        '<p>Boats queued for &lt;b&gt; hours. <a href="https://paper.example/q">All of them</a>.</p>'
    )

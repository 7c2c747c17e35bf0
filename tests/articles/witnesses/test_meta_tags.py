from ingestd.articles.body.tree import parse
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import meta_tags
from ingestd.times import iso


def read(head: str, attributes: str = "") -> dict[str, Clues]:
    return meta_tags.read(parse(f"<html {attributes}><head>{head}</head><body><p>x</p>"), "https://www.example.org/1")


def test_meta_elements_links_and_title_are_read() -> None:
    by_witness = read(
        '<meta property="og:title" content="Storm nears"><meta property="og:site_name" content="The Paper">'
        '<meta name="description" content="Rain by noon"><meta name="author" content="By Ann Lee">'
        '<meta property="og:image" content="/a.jpg"><link rel="license" href="/terms"><title>Storm | The Paper</title>',
        'lang="en-GB"',
    )

    meta = by_witness["meta"]
    assert (meta.headline, meta.source, meta.description_text, meta.byline, meta.authors, meta.language) == (
        "Storm nears",
        "The Paper",
        "Rain by noon",
        "Ann Lee",
        ("Ann Lee",),
        "en-GB",
    )
    assert meta.images[0].href == "https://www.example.org/a.jpg"
    assert meta.usageterms == "https://www.example.org/terms"
    assert by_witness["title"].headline == "Storm | The Paper"


def test_a_time_of_day_is_preferred_to_a_day() -> None:
    meta = read(
        '<meta property="article:published_time" content="2024-05-01">'
        '<meta name="parsely-pub-date" content="2024-05-01T08:00:00Z">'
        '<meta property="article:modified_time" content="2024-05-02T08:00:00Z">'
    )["meta"]

    assert meta.firstcreated
    assert meta.versioncreated
    assert iso(meta.firstcreated.when) == "2024-05-01T08:00:00Z"
    assert iso(meta.versioncreated.when) == "2024-05-02T08:00:00Z"


def test_content_tier_and_rights_are_read() -> None:
    locked = read('<meta property="article:content_tier" content="locked"><meta name="dc.rights" content="CC BY">')[
        "meta"
    ]
    free = read('<meta property="article:content_tier" content="free">')["meta"]
    odd = read('<meta property="article:content_tier" content="odd">')["meta"]

    assert (locked.paywall, locked.usageterms) == (True, "CC BY")
    assert (free.paywall, odd.paywall) == (False, None)


def test_the_url_of_an_author_s_profile_is_no_name() -> None:
    meta = read(
        '<meta property="article:author" content="https://www.facebook.com/ann"><meta name="byl" content="Bo Ray">'
    )

    assert meta["meta"].authors == ("Bo Ray",)


def test_an_empty_head_gives_no_clues() -> None:
    assert read("") == {"meta": Clues(), "title": Clues()}

"""Forms of bylines as papers and content management systems print them."""

import pytest

from ingestd.articles.body.tree import parse
from ingestd.articles.witnesses import bylines, json_ld, page_markup


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("Special to the Post by Ada Marsh", ("Ada Marsh",)),
        ("By Ada Marsh, Ben Olsen and Cleo Ruiz of The Fenwick Post", ("Ada Marsh", "Ben Olsen", "Cleo Ruiz")),
        ("By ADA MARSH Associated Press", ("ADA MARSH",)),
        ("By Amit Kumar, Hindustan Times, New Delhi", ("Amit Kumar",)),
        ("Aus Oslo berichtet Ada Marsh", ("Ada Marsh",)),
        ("Par Ada Marsh (à Oslo) avec AFP", ("Ada Marsh",)),
        ("Propos recueillis par Ada Marsh", ("Ada Marsh",)),
        ("Publié le 5 mars 2024 à 10h00, par Ada Marsh", ("Ada Marsh",)),
        ("March 5, 2024 | By Ada Marsh", ("Ada Marsh",)),
        ("05.03.2024 – von Ada Marsh", ("Ada Marsh",)),
        ("Texto: Ada Marsh. Fotos: Ben Olsen", ("Ada Marsh",)),
        ("Text: Ada Marsh Foto: Ben Olsson", ("Ada Marsh",)),
        ("By Ada Marsh, Photos by Ben Olsen", ("Ada Marsh",)),
        ("dal nostro inviato Ada Marsh", ("Ada Marsh",)),
        ("Ayşe Yılmaz / İSTANBUL (DHA)", ("Ayşe Yılmaz",)),
        ("מאת: דנה כהן ויוסי לוי", ("דנה כהן", "יוסי לוי")),
        ("מאת: דנה כהן, ורד לוי", ("דנה כהן", "ורד לוי")),
        ("নিজস্ব প্রতিবেদক", ()),
        ("লেখক: আনিসুল হক", ("আনিসুল হক",)),
        ("எழுத்தாளர்: குமார்", ("குமார்",)),
        ("ავტორი: გიორგი მაისურაძე", ("გიორგი მაისურაძე",)),
        ("Հեղինակ՝ Արամ Պետրոսյան", ("Արամ Պետրոսյան",)),
        ("【山田太郎】", ("山田太郎",)),
        ("【ワシントン＝鈴木一郎】", ("鈴木一郎",)),
        ("編集委員 山田太郎", ("山田太郎",)),
        ("Theo TTXVN", ()),
        ("Theo James", ("Theo James",)),
        ("Con Coughlin and Med Hondo", ("Con Coughlin", "Med Hondo")),
    ],
)
def test_the_people_of_a_byline(line: str, people: tuple[str, ...]) -> None:
    assert bylines.people([line]) == people


@pytest.mark.parametrize(
    ("markup", "authors"),
    [
        ("<p class=kirjoittaja>Ada Virtanen / STT</p>", ("Ada Virtanen",)),
        ("<p class=szerzo>Kovács Anna</p>", ("Kovács Anna",)),
        ("<p class=forfatter>Ada Holm</p>", ("Ada Holm",)),
        ("<p class=avtor>Ana Novak</p>", ("Ana Novak",)),
        ("<p class=autorius>Jonas Jonaitis</p>", ("Jonas Jonaitis",)),
        ("<div class=author>Ada Marsh<span>Ports correspondent</span></div>", ("Ada Marsh",)),
        ("<div class=author>Ada Marsh <em>Reporter</em></div>", ("Ada Marsh",)),
        (
            "<ul><li class=author>Ada Marsh<i>Reporter</i></li><li class=author>Ben Olsen<i>Editor</i></li></ul>",
            ("Ada Marsh", "Ben Olsen"),
        ),
        ("<p class=author>Ada Marsh, <b>Ben Olsen</b></p>", ("Ada Marsh", "Ben Olsen")),
    ],
)
def test_the_authors_of_a_marked_element(markup: str, authors: tuple[str, ...]) -> None:
    root = parse(f"<html><body><h1>Ferry pier to close</h1>{markup}<p>The board voted.</p></body></html>")

    assert root is not None
    assert page_markup.read(root)["page"].authors == authors


@pytest.mark.parametrize(
    ("author", "authors"),
    [
        (
            '{"@type": "Role", "author": {"name": "Ada Marsh"}, "roleName": "Reporter"}',
            ("Ada Marsh",),
        ),
        (r'"{\"@type\": \"Person\", \"name\": \"Ada Marsh\"}"', ("Ada Marsh",)),
        ('["{not json", {"name": "Ada Marsh"}]', ("Ada Marsh",)),
    ],
)
def test_the_author_of_json_ld(author: str, authors: tuple[str, ...]) -> None:
    node = f'{{"@type": "NewsArticle", "headline": "Ferry pier to close", "author": {author}}}'
    root = parse(f"<html><head><script type='application/ld+json'>{node}</script></head><body><p>x</p></body></html>")

    assert root is not None
    assert json_ld.read(root, "https://news.example/x").authors == authors


@pytest.mark.parametrize("names", ["updated", "entry-date updated", "post-modified", "date-modified", "time_updated"])
def test_a_time_marked_as_updated_is_the_version_s(names: str) -> None:
    times = f"<time datetime='2024-03-05T10:00Z'>5.3.</time><time class='{names}' datetime='2024-03-06'>6.3.</time>"
    root = parse(f"<html><body><h1>Ferry pier to close</h1>{times}<p>The board voted.</p></body></html>")

    assert root is not None
    stated = page_markup.read(root)["time"]
    assert stated.firstcreated
    assert stated.versioncreated
    assert (stated.firstcreated.when.day, stated.versioncreated.when.day) == (5, 6)


def test_a_time_marked_as_both_is_of_publication_alone() -> None:
    root = parse("<html><body><time class='published updated' datetime='2024-03-05T10:00Z'>x</time></body></html>")

    assert root is not None
    assert page_markup.read(root)["time"].versioncreated is None

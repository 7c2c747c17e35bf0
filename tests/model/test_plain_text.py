"""Paragraphs of plain text: wrapped lines are joined, lines that mean something stay lines."""

import time
from textwrap import wrap

import pytest

from ingestd.model.plain_text import as_markup, broken_off, has_layout, is_table, paragraphs_of

WRAPPED = (
    "The harbour board voted on Tuesday to close the old ferry pier for\n"
    "repairs, after divers found that eleven of its forty piles had rotted\n"
    "through below the water line."
)
ONE_LINE = WRAPPED.replace("\n", " ")
TABLE = "METAL        LAST     CHANGE\n-----------------------------\nCopper      8,512      +0.9%\nTin        26,310"


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        pytest.param(f"{WRAPPED}\n\n{WRAPPED}", [ONE_LINE, ONE_LINE], id="blank lines"),
        pytest.param(WRAPPED.replace("\n", "\r\n"), [ONE_LINE], id="line ends of Windows"),
        pytest.param(WRAPPED.replace("\n", " \n"), [ONE_LINE], id="spaces at the end"),
        pytest.param(f"   {WRAPPED}\n   {WRAPPED}", [ONE_LINE, ONE_LINE], id="indented"),
        pytest.param(f"\t{WRAPPED}\n\t{WRAPPED}", [ONE_LINE, ONE_LINE], id="indented by a tab"),
        pytest.param(WRAPPED.replace("\n", "\n    ").replace("The", "    The"), [ONE_LINE], id="all lines indented"),
        pytest.param(f"{ONE_LINE}\n{ONE_LINE}", [ONE_LINE, ONE_LINE], id="a paragraph a line"),
        pytest.param(
            "Le conseil du port a voté mardi la fermeture du vieux quai des\nbacs.",
            ["Le conseil du port a voté mardi la fermeture du vieux quai des bacs."],
            id="two lines",
        ),
        pytest.param(
            "Der Hafenrat schließt den alten Steg, sagte die baden-\nwürttembergische Ministerin bei der Ein-\n"
            "und Ausfahrt der letzten Fähre am Abend.",
            [
                (
                    "Der Hafenrat schließt den alten Steg, sagte die baden-württembergische Ministerin bei der Ein- "
                    "und Ausfahrt der letzten Fähre am Abend."
                )
            ],
            id="hyphens",
        ),
        pytest.param(
            "港湾委員会は火曜日、フェリー桟橋を閉鎖するこ\nとを決めた。秋までは石炭埠頭から船が出る。費\n用は四百万クローネに上る。",
            [
                "港湾委員会は火曜日、フェリー桟橋を閉鎖することを決めた。秋までは石炭埠頭から船が出る。費用は四百万クローネに上る。"
            ],
            id="Japanese",
        ),
        pytest.param(
            "Совет порта закрыл старый паромный причал на ремонт, сообщили\nв среду власти города.",
            ["Совет порта закрыл старый паромный причал на ремонт, сообщили в среду власти города."],
            id="Russian",
        ),
        pytest.param(f"{ONE_LINE}\n\n{TABLE}\n\n{ONE_LINE}", [ONE_LINE, TABLE, ONE_LINE], id="a table"),
        pytest.param(
            f"    Prices:\n{TABLE}\n    (Reporting by Ada Marsh)",
            ["Prices:", TABLE, "(Reporting by Ada Marsh)"],
            id="a table among indented lines",
        ),
        pytest.param(
            "Port\tLeaves\nSkelling\t6:00\nVarne\t7:15", ["Port\tLeaves\nSkelling\t6:00\nVarne\t7:15"], id="tabs"
        ),
        pytest.param(
            "  Port     Leaves\n  Skelling   6:00", ["Port     Leaves\nSkelling   6:00"], id="an indented table"
        ),
        pytest.param(
            "Port | Leaves | Boat\nSkelling | 6:00 | Petrel",
            ["Port | Leaves | Boat\nSkelling | 6:00 | Petrel"],
            id="bars",
        ),
        pytest.param(
            "North\n Skelling   1  0\nSouth\n Varne      2  1",
            ["North", "Skelling   1  0\nSouth\n Varne      2  1".replace("Skelling", " Skelling", 1)],
            id="headings in a table",
        ),
        pytest.param(
            "The board voted.  It was close.\nBoats go on.  Crews moor early.",
            ["The board voted. It was close.", "Boats go on. Crews moor early."],
            id="typists' spaces",
        ),
        pytest.param(
            f"{ONE_LINE}\n\nRoses are red\nViolets are blue\nCopper is dear\n\nThe end.",
            [ONE_LINE, "Roses are red\nViolets are blue\nCopper is dear", "The end."],
            id="verse",
        ),
        pytest.param(
            "Roses are red\n  Violets are blue\nCopper is dear\n  And so are you\n\nThe end.",
            ["Roses are red\nViolets are blue\nCopper is dear\nAnd so are you", "The end."],
            id="indented verse",
        ),
        pytest.param(
            "Contact:\nAda Marsh\nada@wire.example\n\nThe end.",
            ["Contact:\nAda Marsh\nada@wire.example", "The end."],
            id="an address",
        ),
        pytest.param("* Copper up\n* Zinc little changed", ["* Copper up", "* Zinc little changed"], id="bullets"),
        pytest.param(
            "- The board voted to close the old ferry pier for\n  repairs, it said.\n- Boats use the quay.",
            ["- The board voted to close the old ferry pier for repairs, it said.", "- Boats use the quay."],
            id="wrapped bullets",
        ),
        pytest.param("a\x00b\xadc", ["abc"], id="what must not be stored"),
        pytest.param(" \n\t\n", [], id="blank"),
    ],
)
def test_paragraphs_of_plain_text(text: str, paragraphs: list[str]) -> None:
    assert paragraphs_of(text) == paragraphs


RAGGED = {
    "captions of a film": (
        "the harbour master walked slowly down\nto the old pier,\nand found\nthe boats were gone.\n"
        "nothing was left\nof the eleven boats but one red rope\nand a lamp."
    ),
    "captions with a wide line": (
        "[Mara]: and then somebody had shouted that\nthe quay\nwas under water\nand that all of us\n"
        "should run up to the lighthouse on the hill\nat once."
    ),
    "lyrics": (
        "when the tide comes in\nand the bells of Varne are ringing low,\nwe sail\n"
        "for the cold bright islands of the north\nand home\nto you"
    ),
    "an interview by hand": (
        "so what did you do when the water rose\nthat night\nwe both went upstairs\n"
        "and carried whatever I could carry up\nto the loft\nwith my son"
    ),
    "German captions": (
        "und dann kam das Wasser bis zum Fenster,\nganz langsam,\nund wir liefen\n"
        "mit den Kindern hinauf auf den alten Deich\nund warteten\nauf Hilfe."
    ),
    "French captions": (
        "nous avons attendu toute la nuit là-haut\navec les enfants,\npuis le bateau\n"
        "est arrivé du côté de la vieille chapelle\net nous\na pris."
    ),
    "Spanish captions": (
        "el agua llegó hasta la ventana de la casa\ny entonces\ncorrimos todos\n"
        "hacia la torre vieja que está en la colina\ncon los niños\nen brazos."
    ),
    "Russian captions": (
        "вода поднялась до самых окон старого дома\nи мы побежали\nна холм\n"
        "вместе со всеми, кто жил на нашей улице,\nи ждали\nлодку."
    ),
    "notes of a show": (
        "a long opening shot of the harbour at dawn\nfog\na bell rings\n"
        "the camera moves along the empty quay and\nstops\nat a boat"
    ),
}


@pytest.mark.parametrize("lines", RAGGED.values(), ids=RAGGED)
def test_lines_of_ragged_width_stay_lines(lines: str) -> None:
    assert paragraphs_of(lines) == lines.split("\n")
    assert paragraphs_of(f"{lines}\n\n{WRAPPED}")[-1] == ONE_LINE


@pytest.mark.parametrize("width", [50, 60, 70, 80, 100])
def test_lines_of_one_width_are_joined(width: int) -> None:
    text = f"{ONE_LINE} {ONE_LINE}"

    assert paragraphs_of("\n".join(wrap(text, width, break_on_hyphens=False))) == [text]


def test_formats_that_always_wrap_join_short_lines_too() -> None:
    text = f"Skelling (orrin) - The board\nvoted.\n   Boats go.\n\n{TABLE}"

    assert paragraphs_of(text, wrapped=True) == ["Skelling (orrin) - The board voted.", "Boats go.", TABLE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f" (Adds prices)\n    {WRAPPED}\n    {WRAPPED}", True),
        (f"\n{TABLE}\n", True),
        (f"{ONE_LINE}\n\n{ONE_LINE}", True),
        ("\n      The board voted to close\n      the pier.\n    ", False),
        ("The board voted to close\n      the pier,\n      it said.", False),
        (WRAPPED, False),
        ("one line", False),
        ("", False),
    ],
)
def test_lines_of_an_agency_are_told_from_those_of_a_program(text: str, expected: bool) -> None:
    assert has_layout(text) is expected


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (WRAPPED.split("\n"), [True, True]),
        (["The board voted.", "Boats go."], [False]),
        (["a line of the length at which people used to wrap their paragraphs.", "and more"], [False]),
        (["a line of the length at which people used to wrap their paragraphs", "Maren Holt"], [False]),
        (["a line of the length at which people used to wrap their paragraphs", "", "and more"], [False, False]),
        ([], []),
    ],
)
def test_lines_broken_off_by_hand(lines: list[str], joined: list[bool]) -> None:
    assert broken_off(lines) == joined


def test_markup_keeps_lines() -> None:
    assert as_markup(["a & b", "c\nd", TABLE]) == f"<p>a &amp; b</p><p>c<br>d</p><pre>{TABLE}</pre>"
    assert [is_table(paragraph) for paragraph in ("a b", "c\nd", TABLE)] == [False, False, True]


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 500_000,
        " \t" * 300_000,
        "a  " * 200_000,
        "a\n b\n" * 60_000,
        "* " * 300_000,
        "-=" * 300_000,
        "a|" * 300_000,
    ],
)
def test_hostile_text_is_read_in_linear_time(text: str) -> None:
    start = time.process_time()
    paragraphs_of(text)
    has_layout(text)

    assert time.process_time() - start < 5

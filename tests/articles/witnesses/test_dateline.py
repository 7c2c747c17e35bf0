import pytest

from ingestd.articles.witnesses.dateline import split

RAIN = "It rained in the harbor."


@pytest.mark.parametrize(
    ("paragraph", "dateline", "rest"),
    [
        ("(Newswire) – It rained.", "Newswire", "It rained."),
        ("PYONGYANG, June 24 (AP) — It rained.", "PYONGYANG, June 24 (AP)", "It rained."),
        ("BERLIN (dpa) - Es regnete.", "BERLIN (dpa)", "Es regnete."),
        ("Frankfurt/Main (dpa/lno) - Es regnete.", "Frankfurt/Main (dpa/lno)", "Es regnete."),
        ("LONDON (Reuters) -- It rained.", "LONDON (Reuters)", "It rained."),
        ("WASHINGTON — It rained.", "WASHINGTON", "It rained."),
        ("SAN FRANCISCO, Calif. — It rained.", "SAN FRANCISCO, Calif.", "It rained."),
        ("DUBAI, United Arab Emirates (AP) – It rained.", "DUBAI, United Arab Emirates (AP)", "It rained."),
        ("Madrid, 24 jun (EFE).- Llovió.", None, None),
        ("新华社北京6月24日电 今天下雨。", "新华社北京6月24日电", "今天下雨。"),
        ("МОСКВА, 24 июня. /ТАСС/. Идёт дождь.", "МОСКВА, 24 июня. /ТАСС/", "Идёт дождь."),
        ("САНКТ-ПЕТЕРБУРГ, 24 июня /ТАСС/. Идёт дождь.", "САНКТ-ПЕТЕРБУРГ, 24 июня /ТАСС/", "Идёт дождь."),
        ("МОСКВА, 24 июн — РИА Новости. Идёт дождь.", "МОСКВА, 24 июн — РИА Новости", "Идёт дождь."),
        ("МОСКВА, 24 июн - РИА Новости, Иван Ли. Идёт дождь.", "МОСКВА, 24 июн - РИА Новости, Иван Ли", "Идёт дождь."),
        ("В Москве, 24 июня, шёл дождь — и снег. Потом солнце.", None, None),
        ("(ANSA) - ROMA, 24 GIU - Il porto è chiuso.", "(ANSA) - ROMA, 24 GIU", "Il porto è chiuso."),
        ("(ANSA) - REGGIO EMILIA, 1 GIU - Il porto è chiuso.", "(ANSA) - REGGIO EMILIA, 1 GIU", "Il porto è chiuso."),
        ("【東京共同】今日は雨です。", "【東京共同】", "今日は雨です。"),
        ("【独自】今日は雨です。", None, None),
        ("The mayor (a sailor) — and her crew — left.", None, None),
        ("Merz (CDU) – who else – came late.", None, None),
        ("Paris, 24 juin 2020 (AFP) - Il pleuvait.", "Paris, 24 juin 2020 (AFP)", "Il pleuvait."),
        ("HONOLULU (KHNL) - It rained.", "HONOLULU (KHNL)", "It rained."),
        ("NATO - the alliance - met.", None, None),
        ("It rained (Reuters).", None, None),
        ("BERLIN (dpa) - ", None, None),
    ],
)
def test_a_dateline_is_split_from_its_paragraph(paragraph: str, dateline: str | None, rest: str | None) -> None:
    assert split(paragraph) == (dateline, paragraph if rest is None else rest)


@pytest.mark.parametrize(
    "label",
    [
        "BREAKING —", "BREAKING NEWS —", "EXCLUSIVE —", "UPDATE —", "UPDATED, June 24 —", "QUESTION —", "WATCH —",
        "OPINION —", "LIVE —", "EDITOR’S NOTE —", "NATO —", "FIFA —",
        "(Photo) –", "(Video) —", "(OPINION) —", "(Not pictured) —",
    ],
)  # fmt: skip
def test_a_label_is_no_dateline(label: str) -> None:
    assert split(f"{label} {RAIN}") == (None, f"{label} {RAIN}")


@pytest.mark.parametrize(
    ("line", "dateline"),
    [
        ("(Newser) –", "Newser"),
        ("(AP) —", "AP"),
        ("LIVERPOOL —", "LIVERPOOL"),
        ("UPDATE (Reuters) —", "UPDATE (Reuters)"),
    ],
)
def test_a_name_that_is_no_label_is_a_dateline(line: str, dateline: str) -> None:
    assert split(f"{line} {RAIN}") == (dateline, RAIN)

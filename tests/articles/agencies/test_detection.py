import pytest

from ingestd.articles.agencies import detection
from ingestd.articles.agencies.detection import TABLE, StoryParts, find_agencies


def roles(parts: StoryParts, language: str = "en") -> dict[str, str]:
    return {agency.code: agency.role for agency in find_agencies(parts, language)}


def cited(text: str, language: str) -> list[tuple[str, str]]:
    found = [
        (agency.code, words)
        for agency in find_agencies(StoryParts(text=text), language)
        for _, words in agency.evidence
    ]
    return sorted(found, key=lambda citation: text.index(citation[1]))


def test_each_agency_is_in_the_table_once() -> None:
    codes = [known.code for known in TABLE]
    names = [name for known in TABLE for name in (*known.names, *known.short)]

    assert len(codes) == len(set(codes))
    assert len(names) == len(set(names))
    assert all(known.names or known.short for known in TABLE)


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        pytest.param(StoryParts(dateline="PYONGYANG, June 24 (AP)"), {"AP": "origin"}, id="dateline"),
        pytest.param(StoryParts(dateline="Frankfurt/Main (dpa/lno)"), {"dpa": "origin"}, id="with-its-local-service"),
        pytest.param(StoryParts(dateline="新华社北京6月24日电"), {"Xinhua": "origin"}, id="chinese-dateline"),
        pytest.param(StoryParts(dateline="МОСКВА, 24 июня. /ТАСС/"), {"TASS": "origin"}, id="russian-dateline"),
        pytest.param(StoryParts(dateline="МОСКВА, 24 июн — РИА Новости"), {"RIA": "origin"}, id="russian-with-a-dash"),
        pytest.param(StoryParts(dateline="(ANSA) - ROMA, 24 GIU"), {"ANSA": "origin"}, id="italian-dateline"),
        pytest.param(StoryParts(dateline="【東京共同】"), {"Kyodo": "origin"}, id="japanese-dateline"),
        pytest.param(StoryParts(dateline="Harbor Post"), {}, id="a-paper-s-own-dateline"),
        pytest.param(StoryParts(dateline="PA, Calif."), {}, id="a-place"),
        pytest.param(StoryParts(dateline="Reuters"), {"Reuters": "origin"}, id="lone-parentheses"),
        pytest.param(StoryParts(dateline="AP, Antarctica (Harbor Post)"), {}, id="a-place-and-a-paper"),
        pytest.param(StoryParts(byline="ANN LEE, Associated Press"), {"AP": "origin"}, id="employer"),
        pytest.param(StoryParts(byline="Reuters Staff"), {"Reuters": "origin"}, id="desk"),
        pytest.param(
            StoryParts(byline="Deutsche Presse-Agentur and Nordwest-Redaktion"), {"dpa": "origin"}, id="two-desks"
        ),
        pytest.param(StoryParts(byline="Ann Lee and Bo Afp-Ray"), {}, id="people"),
        pytest.param(StoryParts(signature="kst/dpa"), {"dpa": "origin"}, id="initials-and-agency"),
        pytest.param(StoryParts(signature="APA, dpa"), {"APA": "origin", "dpa": "origin"}, id="two"),
        pytest.param(StoryParts(copyright=["Copyright 2020 The Associated Press."]), {"AP": "origin"}, id="copyright"),
        pytest.param(StoryParts(copyright=["© dpa-infocom, dpa:200624-99-1/2"]), {"dpa": "origin"}, id="dpa-s-number"),
        pytest.param(StoryParts(copyright=["© 2020 Harbor Post"]), {}, id="a-paper-s-copyright"),
        pytest.param(StoryParts(credits=["Port Office/Coastal News via AP, File"]), {"AP": "credit"}, id="credit"),
        pytest.param(
            StoryParts(credits=["pa/dpa", "Bo Ray/AFP/Getty"]), {"AFP": "credit", "dpa": "credit"}, id="credits"
        ),
        pytest.param(StoryParts(credits=["Rap/Map"]), {}, id="no-part-of-a-word"),
        pytest.param(StoryParts(), {}, id="nothing"),
    ],
)  # fmt: skip
def test_agencies_are_found_in_lists_of_names(parts: StoryParts, found: dict[str, str]) -> None:
    assert roles(parts) == found


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "It is slow, the AP reports.", [("AP", "the AP reports")]),
        ("en", "Two sources told Reuters on Monday.", [("Reuters", "told Reuters")]),
        ("en", "KCNA didn't specify why.", [("KCNA", "KCNA didn't")]),
        ("en", "China's Xinhua news agency said so.", [("Xinhua", "Xinhua news agency")]),
        ("en", "The deal is off, Bloomberg reported.", [("Bloomberg", "Bloomberg reported")]),
        ("en", "That is from the PA news agency.", [("PA", "the PA news agency")]),
        ("en", "It is so, according to AFP.", [("AFP", "according to AFP")]),
        ("en", "It rained, she said to the BBC.", [("BBC", "said to the BBC")]),
        ("en", "She spoke to Reuters on Monday.", [("Reuters", "spoke to Reuters")]),
        ("en", "He spoke briefly on Sunday to Reuters.", [("Reuters", "spoke briefly on Sunday to Reuters")]),
        ("en", "In a statement to AFP, she denied it.", [("AFP", "statement to AFP")]),
        ("en", "She would not comment on the fare to Reuters.", [("Reuters", "comment on the fare to Reuters")]),
        ("en", "In a statement sent to AFP, she denied it.", [("AFP", "statement sent to AFP")]),
        ("en", "She emailed it: that is analysis of data by the AP.", [("AP", "data by the AP")]),
        ("en", "Papers seen by Reuters show it.", [("Reuters", "seen by Reuters")]),
        ("en", "It was first reported by AP.", [("AP", "reported by AP")]),
        ("en", "A spokesman confirmed to AFP Monday that it rains.", [("AFP", "confirmed to AFP")]),
        ("en", "It is open, TASS said.", [("TASS", "TASS said")]),
        ("en", "It is open, Tass reported.", [("TASS", "Tass reported")]),
        ("de", "Das Haus steht, laut dpa, leer.", [("dpa", "laut dpa")]),
        ("de", "Das sagte sie am Montag der Deutschen Presse-Agentur.", [("dpa", "der Deutschen Presse-Agentur")]),
        ("de", "Der Nachrichtenagentur AFP zufolge regnet es.", [("AFP", "Nachrichtenagentur AFP zufolge")]),
        ("de", "Das sagte er gegenüber der APA.", [("APA", "gegenüber der APA")]),
        ("fr", "Selon l'AFP, il pleut.", [("AFP", "Selon l'AFP")]),
        ("fr", "Il pleut, rapporte l’agence Belga.", [("Belga", "rapporte l’agence Belga")]),
        ("es", "Llueve, según la agencia EFE.", [("EFE", "agencia EFE")]),
        ("it", "Piove, riferisce l'Ansa.", [("ANSA", "riferisce l'Ansa")]),
        ("it", "Piove: l'agenzia ANSA riporta.", [("ANSA", "agenzia ANSA riporta")]),
        ("it", "Piove, secondo l’ANSA.", [("ANSA", "secondo l’ANSA")]),
        ("it", "Piove, riporta l'ANSA.", [("ANSA", "riporta l'ANSA")]),
        ("it", "La notizia, ripresa dall'ANSA, è di oggi.", [("ANSA", "dall'ANSA")]),
        ("it", "Piove, secondo la Tass.", [("TASS", "secondo la Tass")]),
        ("fr", "D'après l'AFP, il pleut.", [("AFP", "D'après l'AFP")]),
        ("fr", "Il pleut, a-t-il déclaré à l'AFP.", [("AFP", "déclaré à l'AFP")]),
        ("fr", "Il pleut, a-t-il dit lundi à l’AFP.", [("AFP", "à l’AFP")]),
        ("pt", "Chove, disse à Lusa o autarca.", [("Lusa", "disse à Lusa")]),
        ("nl", "Het regent, meldt persbureau ANP.", [("ANP", "persbureau ANP")]),
        ("sv", "Det regnar, säger hon till TT.", [("TT", "till TT")]),
        ("no", "Det regner, skriver NTB.", [("NTB", "skriver NTB")]),
        ("da", "Det regner, siger han til Ritzau.", [("Ritzau", "til Ritzau")]),
        ("fi", "Sataa, STT kertoo.", [("STT", "STT kertoo")]),
        ("pl", "Pada, podała PAP.", [("PAP", "podała PAP")]),
        ("cs", "Prší, uvedla agentura ČTK.", [("CTK", "agentura ČTK")]),
        ("tr", "Yağmur yağıyor, Anadolu Ajansı bildirdi.", [("AA", "Anadolu Ajansı bildirdi")]),
        ("id", "Hujan, menurut kantor berita Antara.", [("Antara", "menurut kantor berita Antara")]),
        ("ru", "Идёт дождь, сообщает ТАСС.", [("TASS", "ТАСС")]),
        ("ar", "وقال مصدر لرويترز إن المطر", [("Reuters", "رويترز")]),
        ("ko", "비가 온다고 연합뉴스가 전했다.", [("Yonhap", "연합뉴스")]),
        ("ja", "共同で、共同通信によると雨です。", [("Kyodo", "共同通信")]),
    ],
)  # fmt: skip
def test_a_cue_in_the_text_cites_an_agency(language: str, text: str, words: list[tuple[str, str]]) -> None:
    assert cited(text, language) == words


@pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param("en", "She took an AP exam, and the AP course before it.", id="exam"),
        pytest.param("en", "The ap reports nothing, and APs reported less.", id="case-and-plural"),
        pytest.param("en", "The PA said it would pay; PA reported so.", id="authority"),
        pytest.param("en", "Bloomberg said he would run, and told friends.", id="man"),
        pytest.param("en", "He gave the money to Bloomberg.", id="money"),
        pytest.param("en", "He was sent to the AP exam board.", id="board"),
        pytest.param("en", "He walked by Reuters Plaza, seen by Reuters Plaza.", id="square"),
        pytest.param("en", "He went to Reuters to work.", id="employer"),
        pytest.param("en", "She moved to BBC Radio, and spoke to BBC Radio.", id="station"),
        pytest.param("en", "They struck in response to BBC cuts.", id="cuts"),
        pytest.param("en", "Mr Tass said he would go.", id="another-man"),
        pytest.param("en", "PTI said it had won, AAP reported losses.", id="parties"),
        pytest.param("en", "According to MENA, sales rose; sold by MENA.", id="region"),
        pytest.param("en", "UPI reported a record of payments.", id="payments"),
        pytest.param("en", "Reuters was founded in 1851, the BBC in 1922.", id="subject"),
        pytest.param("en", "The Foreign Press Association met.", id="part-of-a-name"),
        pytest.param("id", "Antara lain, antara dua kota.", id="between"),
        pytest.param("de", "Laut PA-Norm sind TT-Fahrzeuge erlaubt, CP meldet Gewinn.", id="norms"),
        pytest.param("it", "Il direttore dell'ANSA e la sede nell'ANSA.", id="its-head"),
        pytest.param("en", "", id="nothing"),
    ],
)
def test_a_name_with_another_meaning_is_not_cited(language: str, text: str) -> None:
    assert cited(text, language) == []


@pytest.mark.parametrize(
    "byline",
    [
        "Efe Kaya", "Ansa Khan", "AA Gill", "PA Smith", "Ap Dijksterhuis", "Sid Jones", "Kyodo Sato",
        "Ann Lee, CP Scott", "Sid", "Sda and Bo Ray",
    ],
)  # fmt: skip
def test_a_person_is_no_agency(byline: str) -> None:
    assert roles(StoryParts(byline=byline)) == {}


@pytest.mark.parametrize(
    ("byline", "code"),
    [
        ("Reuters Staff", "Reuters"), ("AP News", "AP"), ("AFP Photo", "AFP"), ("REUTERS TEAM", "Reuters"),
        ("AP 2020", "AP"), ("dpa", "dpa"), ("DPA", "dpa"), ("EFE", "EFE"), ("sid", "SID"), ("PA Newsroom", "PA"),
    ],
)  # fmt: skip
def test_a_desk_is_its_agency(byline: str, code: str) -> None:
    assert roles(StoryParts(byline=byline)) == {code: "origin"}


def test_only_the_first_characters_of_a_list_of_names_are_read() -> None:
    assert roles(StoryParts(byline="Bo Ray, " * 100 + "AFP")) == {"AFP": "origin"}
    assert roles(StoryParts(byline="Bo Ray, " * 200 + "AFP")) == {}


def test_an_agency_has_its_strongest_role_and_all_evidence() -> None:
    parts = StoryParts(
        dateline="OSLO (AP)",
        text="The BBC reports it. "
        + "Reuters said so. " * 9
        + "Reuters reports it. Reuters wrote it. Reuters adds it.",
        credits=["Bo Ray/AP", "Cy Orr/Reuters"],
    )

    agencies = find_agencies(parts, "en")

    assert [(agency.code, agency.role) for agency in agencies] == [
        ("AP", "origin"),
        ("Reuters", "cited"),
        ("BBC", "cited"),
    ]
    assert agencies[0].evidence == (("dateline", "OSLO (AP)"), ("credit", "Bo Ray/AP"))
    assert [words for _, words in agencies[1].evidence] == [
        "Reuters said", "Reuters reports", "Reuters wrote", "Cy Orr/Reuters",
    ]  # fmt: skip


def test_a_text_is_searched_where_the_pattern_would_find_a_name() -> None:
    for known in TABLE:
        for name in (*known.names, *known.short):
            for text in (name, f"She told {name}.", f"({name}) It rained", f"said “{name}” again", f"12{name}"):
                assert detection._may_name_agency(text) or not detection._NAMES.search(text), text

    assert not detection._may_name_agency("The Press said that the United harbour stays closed, and Agence too.")

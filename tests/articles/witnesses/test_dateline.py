import pytest

from ingestd.articles.agencies.detection import StoryParts, find_agencies
from ingestd.articles.witnesses.dateline import find, of_agency, split

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
        ("Madrid, 24 jun (EFE).- Llovió.", "Madrid, 24 jun (EFE)", "Llovió."),
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


@pytest.mark.parametrize(
    ("first_words", "line", "agency"),
    [
        ("New Delhi, Mar 5 (PTI) ", "New Delhi, Mar 5 (PTI)", "PTI"),
        ("JERUSALEM (AP) _ ", "JERUSALEM (AP)", "AP"),
        ("NEW YORK, March 5, 2024 /PRNewswire/ -- ", "NEW YORK, March 5, 2024 /PRNewswire/", "PRNewswire"),
        ("(서울=연합뉴스) 김민수 기자 = ", "(서울=연합뉴스) 김민수 기자", "Yonhap"),
        ("[서울=뉴시스]김민수 이영희 기자 = ", "[서울=뉴시스]김민수 이영희 기자", "Newsis"),
        ("(서울=뉴스1) 김민수 기자 = ", "(서울=뉴스1) 김민수 기자", "News1"),
        ("(워싱턴 AP=연합뉴스) ", "워싱턴 AP=연합뉴스", "Yonhap"),
        ("القاهرة (أ ف ب) - ", "القاهرة (أ ف ب)", "AFP"),
        ("دبي 5 مارس (رويترز) - ", "دبي 5 مارس (رويترز)", "Reuters"),
        ("دبي - رويترز: ", "دبي - رويترز", "Reuters"),
        ("الرياض (واس) ", "الرياض (واس)", "SPA"),
        ("أبوظبي في 5 مارس / وام / ", "أبوظبي في 5 مارس / وام /", "WAM"),
        ("القاهرة - أ ش أ - ", "القاهرة - أ ش أ", "MENA"),
        ("नयी दिल्ली, पांच मार्च (भाषा) ", "नयी दिल्ली, पांच मार्च (भाषा)", "PTI"),
        ("नई दिल्ली, 5 मार्च (आईएएनएस)। ", "नई दिल्ली, 5 मार्च (आईएएनएस)", "IANS"),
        ("नई दिल्ली, 05 मार्च (वार्ता) ", "नई दिल्ली, 05 मार्च (वार्ता)", "UNI"),
        ("मुंबई (एएनआई): ", "मुंबई (एएनआई)", "ANI"),
        ("Madrid, 5 mar (EFE).- ", "Madrid, 5 mar (EFE)", "EFE"),
        ("Buenos Aires, 5 mar (EFE).- ", "Buenos Aires, 5 mar (EFE)", "EFE"),
        ("La Habana, 5 mar (Prensa Latina) ", "La Habana, 5 mar (Prensa Latina)", "PL"),
        ("Caracas, 05 Mar. AVN.- ", "Caracas, 05 Mar. AVN", "AVN"),
        ("MADRID, 5 Mar. (EUROPA PRESS) - ", "MADRID, 5 Mar. (EUROPA PRESS)", "Europa Press"),
        ("Lisboa, 05 mar 2024 (Lusa) - ", "Lisboa, 05 mar 2024 (Lusa)", "Lusa"),
        ("Brasília (Agência Brasil) – ", "Brasília (Agência Brasil)", "Agência Brasil"),
        ("ROMA, 5 mar. (Adnkronos) - ", "ROMA, 5 mar. (Adnkronos)", "Adnkronos"),
        ("Milano, 5 mar. - (Adnkronos) - ", "Milano, 5 mar. - (Adnkronos)", "Adnkronos"),
        ("(DIRE) Roma, 5 mar. - ", "(DIRE) Roma, 5 mar", "DIRE"),
        ("Roma, 5 mar. (askanews) – ", "Roma, 5 mar. (askanews)", "askanews"),
        ("ROMA (ITALPRESS) – ", "ROMA (ITALPRESS)", "Italpress"),
        ("(ANSA) - ROMA, 5 MAR - ", "(ANSA) - ROMA, 5 MAR", "ANSA"),
        ("Paris, 5 mars 2024 (AFP) - ", "Paris, 5 mars 2024 (AFP)", "AFP"),
        ("Bruxelles (Belga) - ", "Bruxelles (Belga)", "Belga"),
        ("Berne (ats) ", "Berne (ats)", "SDA"),
        ("MONTRÉAL — ", "MONTRÉAL", None),
        ("TORONTO — ", "TORONTO", None),
        ("Rabat - MAP - ", "Rabat - MAP", "MAP"),
        ("Alger, 5 mars 2024 (APS) - ", "Alger, 5 mars 2024 (APS)", "APS"),
        ("Warszawa (PAP) - ", "Warszawa (PAP)", "PAP"),
        ("Praha 5. března (ČTK) - ", "Praha 5. března (ČTK)", "CTK"),
        ("Bratislava 5. marca (TASR) - ", "Bratislava 5. marca (TASR)", "TASR"),
        ("Budapest, 2024. március 5., kedd (MTI) - ", "Budapest, 2024. március 5., kedd (MTI)", "MTI"),
        ("ZAGREB, 5. ožujka (Hina) - ", "ZAGREB, 5. ožujka (Hina)", "Hina"),
        ("Ljubljana, 05. marca (STA) - ", "Ljubljana, 05. marca (STA)", "STA"),
        ("BEOGRAD, 5. mart /Tanjug/ - ", "BEOGRAD, 5. mart /Tanjug/", "Tanjug"),
        ("BEOGRAD, 5. marta (Beta) - ", "BEOGRAD, 5. marta (Beta)", "Beta"),
        ("București, 5 mar /Agerpres/ - ", "București, 5 mar /Agerpres/", "Agerpres"),
        ("София, 5 март /БТА/ ", "София, 5 март /БТА/", "BTA"),
        ("МОСКВА, 24 июня. /ТАСС/. ", "МОСКВА, 24 июня. /ТАСС/", "TASS"),
        ("МОСКВА, 24 июн — РИА Новости. ", "МОСКВА, 24 июн — РИА Новости", "RIA"),
        ("Москва. 5 марта. INTERFAX.RU - ", "Москва. 5 марта. INTERFAX.RU", "Interfax"),
        ("КИЇВ, 5 березня (Укрінформ) – ", "КИЇВ, 5 березня (Укрінформ)", "Ukrinform"),
        ("5 марта, Минск /Корр. БЕЛТА/. ", "5 марта, Минск /Корр. БЕЛТА/", "BelTA"),
        ("АСТАНА. КАЗИНФОРМ - ", "АСТАНА. КАЗИНФОРМ", "Kazinform"),
        ("Helsinki (STT) – ", "Helsinki (STT)", "STT"),
        ("OSLO (NTB): ", "OSLO (NTB)", "NTB"),
        ("Stockholm (TT) ", "Stockholm (TT)", "TT"),
        ("KØBENHAVN (Ritzau) - ", "KØBENHAVN (Ritzau)", "Ritzau"),
        ("BERLIN (dpa) - ", "BERLIN (dpa)", "dpa"),
        ("Berlin (dpa/bb) - ", "Berlin (dpa/bb)", "dpa"),
        ("Wien (APA) - ", "Wien (APA)", "APA"),
        ("Bern (sda) ", "Bern (sda)", "SDA"),
        ("Berlin (epd). ", "Berlin (epd)", "epd"),
        ("Berlin, 5. März (Reuters) - ", "Berlin, 5. März (Reuters)", "Reuters"),
        ("Berlin (ots) - ", "Berlin (ots)", "ots"),
        ("DEN HAAG (ANP) - ", "DEN HAAG (ANP)", "ANP"),
        ("ANKARA (AA) - ", "ANKARA (AA)", "AA"),
        ("İSTANBUL, (DHA) - ", "İSTANBUL, (DHA)", "DHA"),
        ("KUALA LUMPUR, March 5 (Bernama) -- ", "KUALA LUMPUR, March 5 (Bernama)", "Bernama"),
        ("Jakarta (ANTARA) - ", "Jakarta (ANTARA)", "Antara"),
        ("Hà Nội (TTXVN) - ", "Hà Nội (TTXVN)", "VNA"),
        ("MANILA (PNA) -- ", "MANILA (PNA)", "PNA"),
        ("ISLAMABAD, Mar 05 (APP): ", "ISLAMABAD, Mar 05 (APP)", "APP"),
        ("DHAKA, March 5, 2024 (BSS) - ", "DHAKA, March 5, 2024 (BSS)", "BSS"),
        ("Kathmandu, March 5 (RSS): ", "Kathmandu, March 5 (RSS)", "RSS"),
        ("TEHRAN, Mar. 05 (MNA) – ", "TEHRAN, Mar. 05 (MNA)", "MNA"),
        ("Tehran, March 5, IRNA – ", "Tehran, March 5, IRNA", "IRNA"),
        ("Abuja, March 5, 2024 (NAN) ", "Abuja, March 5, 2024 (NAN)", "NAN"),
        ("Accra, March 5, GNA – ", "Accra, March 5, GNA", "GNA"),
        ("Ulaanbaatar, March 5 /MONTSAME/. ", "Ulaanbaatar, March 5 /MONTSAME/", "Montsame"),
        ("BEIJING, March 5 (Xinhua) -- ", "BEIJING, March 5 (Xinhua)", "Xinhua"),
        ("新华社北京3月5日电（记者王小明、李小红）", "新华社北京3月5日电（记者王小明、李小红）", "Xinhua"),
        ("中新社北京3月5日电 (记者 王小明)", "中新社北京3月5日电 (记者 王小明)", "CNS"),
        ("中新网3月5日电 ", "中新网3月5日电", "CNS"),
        ("（中央社記者王小明台北5日電）", "中央社記者王小明台北5日電", "CNA"),
        ("【共同社东京3月5日电】", "共同社东京3月5日电", "Kyodo"),
        ("【東京共同】", "【東京共同】", "Kyodo"),
        ("【ニューヨーク共同】", "【ニューヨーク共同】", "Kyodo"),
        ("【ワシントン時事】", "【ワシントン時事】", "Jiji"),
        ("【3月5日 AFP】", "【3月5日 AFP】", "AFP"),
        ("［東京　５日　ロイター］ - ", "［東京　５日　ロイター］", "Reuters"),
        ("[東京 5日 ロイター] - ", "[東京 5日 ロイター]", "Reuters"),
        ("【北京＝新華社】", "【北京＝新華社】", "Xinhua"),
        ("【ワシントン＝山田太郎】", "【ワシントン＝山田太郎】", None),
        ("PARIS (AP) — ", "PARIS (AP)", "AP"),
        ("SYDNEY (AAP) - ", "SYDNEY (AAP)", "AAP"),
        ("LONDON, March 5 (Reuters) - ", "LONDON, March 5 (Reuters)", "Reuters"),
        ("LONDON (Reuters) - ", "LONDON (Reuters)", "Reuters"),
        ("TORONTO (CP) — ", "TORONTO (CP)", "CP"),
        ("SEOUL, March 5 (Yonhap) -- ", "SEOUL, March 5 (Yonhap)", "Yonhap"),
        ("TOKYO, March 5 (Kyodo) - ", "TOKYO, March 5 (Kyodo)", "Kyodo"),
        ("NEW YORK--(BUSINESS WIRE)--", "NEW YORK--(BUSINESS WIRE)", "Business Wire"),
        ("NEW YORK, March 05, 2024 (GLOBE NEWSWIRE) -- ", "NEW YORK, March 05, 2024 (GLOBE NEWSWIRE)", "GlobeNewswire"),
        ("TORONTO, ON / ACCESSWIRE / May 7, 2024 / ", "TORONTO, ON / ACCESSWIRE / May 7, 2024", "ACCESSWIRE"),
        ("NEW YORK, NY / PRESSLINE / May 7, 2024 / ", "NEW YORK, NY / PRESSLINE / May 7, 2024", None),
        ("Vancouver, British Columbia--(Newsfile Corp. - March 5, 2024) - ",
         "Vancouver, British Columbia--(Newsfile Corp. - March 5, 2024)", "Newsfile"),
        ("TORONTO, March 5, 2024 /CNW/ - ", "TORONTO, March 5, 2024 /CNW/", "CNW"),
        ("LONDON, UNITED KINGDOM, March 5, 2024 /EINPresswire.com/ -- ",
         "LONDON, UNITED KINGDOM, March 5, 2024 /EINPresswire.com/", "EIN Presswire"),
        ("Nairobi (AP) ", "Nairobi (AP)", "AP"),
        ("SRINAGAR, India (AP) -- ", "SRINAGAR, India (AP)", "AP"),
        ("Port-au-Prince, Haïti (AFP) - ", "Port-au-Prince, Haïti (AFP)", "AFP"),
        ("Frankfurt/Main (dpa/lhe) - ", "Frankfurt/Main (dpa/lhe)", "dpa"),
        ("Frankfurt am Main (dpa) - ", "Frankfurt am Main (dpa)", "dpa"),
        ("Santiago de Chile, 5 mar (EFE).- ", "Santiago de Chile, 5 mar (EFE)", "EFE"),
        ("San José, mar 5 (Xinhua) -- ", "San José, mar 5 (Xinhua)", "Xinhua"),
        ("(AP) - ", "AP", "AP"),
        ("(Reuters) - ", "Reuters", "Reuters"),
        ("Riga, 5. marts, LETA. ", "Riga, 5. marts, LETA", "LETA"),
        ("VILNIUS, kovo 5 d. (ELTA). ", "VILNIUS, kovo 5 d. (ELTA)", "ELTA"),
        ("CAIRO, March 5 (MENA) - ", "CAIRO, March 5 (MENA)", "MENA"),
        ("RIYADH (SPA) — ", "RIYADH (SPA)", "SPA"),
        ("KUWAIT, March 5 (KUNA) -- ", "KUWAIT, March 5 (KUNA)", "KUNA"),
        ("תל אביב (רויטרס) - ", "תל אביב (רויטרס)", "Reuters"),
    ],
)  # fmt: skip
def test_the_forms_of_the_world_s_agencies(first_words: str, line: str, agency: str | None) -> None:
    story = "Xyz: the harbour board voted on Tuesday to close the old ferry pier."
    capital = {"ا": "قرر", "न": "बंदरगाह"}.get(first_words.strip("(")[:1], "")
    text = f"{first_words.rstrip(' ')} {capital}{story}" if first_words.endswith(" ") else first_words + story

    found = find(text)

    assert found
    assert (found.line, text[found.end :]) == (line, text[len(first_words) :])
    codes = [known.code for known in find_agencies(StoryParts(dateline=found.line))]
    assert agency in codes if agency else codes == []


@pytest.mark.parametrize(
    ("paragraph", "by"),
    [
        ("(서울=연합뉴스) 김민수 기자 = 항만위원회는 결정했다.", "김민수 기자"),
        ("[서울=뉴시스]김민수·이영희 기자 = 항만위원회는 결정했다.", "김민수·이영희 기자"),
        ("(워싱턴=연합뉴스) 박지훈 특파원 = 항만위원회는 결정했다.", "박지훈 특파원"),
        ("[한빛경제=김민수 기자] 항만위원회는 결정했다.", "김민수 기자"),
        ("新华社北京3月5日电（记者王小明、李小红）港务委员会决定。", "记者王小明、李小红"),
        ("中新社北京3月5日电 (记者 王小明)港务委员会决定。", "记者 王小明"),
        ("【ワシントン＝山田太郎】今日は雨です。", "山田太郎"),
        ("JERUSALEM (AP) _ It rained.", None),
    ],
)
def test_the_reporter_of_a_dateline_is_found(paragraph: str, by: str | None) -> None:
    found = find(paragraph)

    assert found
    assert found.by == by


@pytest.mark.parametrize(
    "paragraph",
    [
        pytest.param("Ann Lee (AP) told the board that it rained.", id="a-sentence-about-a-reporter"),
        pytest.param("The agency (AFP) said that it rained.", id="a-sentence-about-an-agency"),
        pytest.param("Es regnet in Wien (Foto: dpa) - und wie.", id="a-caption"),
        pytest.param("It rained on March 5 (AP photos show it).", id="a-sentence-with-a-date"),
        pytest.param("Bloomberg, Reuters and AP reported it.", id="agencies-in-a-sentence"),
        pytest.param("The U.S. and/or Reuters/Ipsos poll - a first.", id="a-poll"),
        pytest.param("وكالة الأنباء السعودية (واس) قالت إن المطر هطل.", id="an-arabic-sentence"),
        pytest.param("भाषा (हिन्दी) - यह एक लेख है।", id="a-hindi-word"),
        pytest.param("연합뉴스는 비가 온다고 전했다.", id="a-korean-sentence"),
        pytest.param("新华社说今天下雨。", id="a-chinese-sentence"),
        pytest.param("Olaf Scholz (SPD) - Kanzler - kam spät.", id="a-party"),
        pytest.param("MAP – what the new borders mean for you.", id="a-map"),
        pytest.param("AA, the motoring group, said so.", id="a-motoring-group"),
        pytest.param("Andina - la cordillera - es larga.", id="a-range"),
    ],
)
def test_a_sentence_that_names_an_agency_has_no_dateline(paragraph: str) -> None:
    assert split(paragraph) == (None, paragraph)


def test_the_dateline_of_an_agency_may_be_a_paragraph_of_its_own() -> None:
    assert of_agency("JERUSALEM (AP) —")
    assert of_agency("القاهرة (أ ف ب)")
    assert of_agency("It rained.") is None

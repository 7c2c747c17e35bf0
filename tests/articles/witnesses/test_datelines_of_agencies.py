"""Datelines of national and regional agencies, and of agencies that are not known."""

import pytest

from ingestd.articles.agencies.detection import StoryParts, find_agencies
from ingestd.articles.witnesses.dateline import find, of_agency


@pytest.mark.parametrize(
    ("first_words", "story", "line", "agency"),
    [
        ("(sda) ", "Der Hafenrat hat am Dienstag beschlossen, die alte Pier zu", "sda", "SDA"),
        ("(Keystone-ATS) ", "Il consiglio del porto ha votato martedì la chiusura del", "Keystone-ATS", "SDA"),
        (
            "Frankfurt a.M. (epd). ",
            "Der Hafenrat hat am Dienstag beschlossen, die alte Pier zu",
            "Frankfurt a.M. (epd)",
            "epd",
        ),
        (
            "(Il Sole 24 Ore Radiocor Plus) - Roma, 05 mar - ",
            "Il consiglio del porto ha votato martedì la chiusura del",
            "(Il Sole 24 Ore Radiocor Plus) - Roma, 05 mar",
            "Radiocor",
        ),
        (
            "Madrid, 5 mar (EFECOM).- ",
            "El consejo del puerto votó el martes cerrar el viejo muelle.",
            "Madrid, 5 mar (EFECOM)",
            "EFE",
        ),
        ("ACN Barcelona.- ", "El consell del port va votar dimarts tancar el vell moll.", "ACN Barcelona", "ACN-CAT"),
        ("OSLO (©NTB): ", "Havnestyret vedtok tirsdag å stenge den gamle brygga.", "OSLO (©NTB)", "NTB"),
        (
            "BRATISLAVA 5. marca (SITA) - ",
            "Rada prístavu v utorok rozhodla o zatvorení starého móla.",
            "BRATISLAVA 5. marca (SITA)",
            "SITA",
        ),
        (
            "Bucureşti (Mediafax) - ",
            "Consiliul portului a votat marți închiderea vechiului dig.",
            "Bucureşti (Mediafax)",
            "Mediafax",
        ),
        (
            "Zagreb, 5. 3. (Hina) – ",
            "Lučko vijeće odlučilo je u utorak zatvoriti stari mol.",
            "Zagreb, 5. 3. (Hina)",
            "Hina",
        ),
        ("Podgorica, (MINA) – ", "Savet luke odlučio je u utorak da zatvori stari mol.", "Podgorica, (MINA)", "MINA"),
        (
            "TIRANË, 5 mars /ATSH/ - ",
            "Këshilli i portit vendosi të martën të mbyllë molin e",
            "TIRANË, 5 mars /ATSH/",
            "ATSH",
        ),
        (
            "МОСКВА, 5 мар - ПРАЙМ. ",
            "Совет порта решил во вторник закрыть старый причал на",
            "МОСКВА, 5 мар - ПРАЙМ",
            "PRIME",
        ),
        (
            "АСТАНА. KAZINFORM — ",
            "Порт кеңесі сейсенбі күні ескі айлақты жабуға шешім",
            "АСТАНА. KAZINFORM",
            "Kazinform",
        ),
        ("АКИpress - ", "Совет порта решил во вторник закрыть старый причал на", "АКИpress", "AKIpress"),
        (
            "Бишкек, 05.03.24. /Кабар/. ",
            "Совет порта решил во вторник закрыть старый причал на",
            "Бишкек, 05.03.24. /Кабар/",
            "Kabar",
        ),
        (
            "ТАШКЕНТ, 5 марта. /УзА/. ",
            "Совет порта решил во вторник закрыть старый причал на",
            "ТАШКЕНТ, 5 марта. /УзА/",
            "UzA",
        ),
        (
            "ДУШАНБЕ, 05.03.2024 /НИАТ «Ховар»/. ",
            "Совет порта решил во вторник закрыть старый причал на",
            "ДУШАНБЕ, 05.03.2024 /НИАТ «Ховар»/",
            "Khovar",
        ),
        (
            "Chişinău, 5 mart. /MOLDPRES/ - ",
            "Consiliul portului a votat marți închiderea vechiului dig.",
            "Chişinău, 5 mart. /MOLDPRES/",
            "Moldpres",
        ),
        (
            "Chișinău, 5 martie /IPN/ - ",
            "Consiliul portului a votat marți închiderea vechiului dig.",
            "Chișinău, 5 martie /IPN/",
            "IPN",
        ),
        (
            "Київ. 5 березня. ІНТЕРФАКС-УКРАЇНА - ",
            "Рада порту вирішила у вівторок закрити старий причал.",
            "Київ. 5 березня. ІНТЕРФАКС-УКРАЇНА",
            "Interfax",
        ),
        (
            "Київ. 5 березня. УНІАН. ",
            "Рада порту вирішила у вівторок закрити старий причал.",
            "Київ. 5 березня. УНІАН",
            "UNIAN",
        ),
        (
            "КИЇВ. 5 березня. УНН. ",
            "Рада порту вирішила у вівторок закрити старий причал.",
            "КИЇВ. 5 березня. УНН",
            "UNN",
        ),
        (
            "Ашхабад, 5 марта /ТДХ/. ",
            "Совет порта решил во вторник закрыть старый причал на",
            "Ашхабад, 5 марта /ТДХ/",
            "TDH",
        ),
        ("أنقرة / الأناضول ", "قرر مجلس الميناء يوم الثلاثاء إغلاق الرصيف القديم لإجراء", "أنقرة / الأناضول", "AA"),
        (
            "Lefkoşa, 5 Mart 24 (T.A.K): ",
            "Liman kurulu salı günü eski iskeleyi kapatma kararı aldı.",
            "Lefkoşa, 5 Mart 24 (T.A.K)",
            "TAK",
        ),
        (
            "Λευκωσία, 5 Μαρτίου (ΚΥΠΕ) ",
            "Το συμβούλιο του λιμανιού αποφάσισε την Τρίτη να κλείσει",
            "Λευκωσία, 5 Μαρτίου (ΚΥΠΕ)",
            "KYPE",
        ),
        (
            "الكويت - 5 - 3 (كونا) -- ",
            "قرر مجلس الميناء يوم الثلاثاء إغلاق الرصيف القديم لإجراء",
            "الكويت - 5 - 3 (كونا)",
            "KUNA",
        ),
        (
            "مسقط في 5 مارس /العُمانية/ ",
            "قرر مجلس الميناء يوم الثلاثاء إغلاق الرصيف القديم لإجراء",
            "مسقط في 5 مارس /العُمانية/",
            "ONA",
        ),
        (
            "رام الله 5-3-2024 وفا- ",
            "قرر مجلس الميناء يوم الثلاثاء إغلاق الرصيف القديم لإجراء",
            "رام الله 5-3-2024 وفا",
            "WAFA",
        ),
        ("دمشق-سانا ", "قرر مجلس الميناء يوم الثلاثاء إغلاق الرصيف القديم لإجراء", "دمشق-سانا", "SANA"),
        (
            "طرابلس 05 مارس 2024 (وال) - ",
            "قرر مجلس الميناء يوم الثلاثاء إغلاق الرصيف القديم لإجراء",
            "طرابلس 05 مارس 2024 (وال)",
            "LANA",
        ),
        (
            "نواكشوط 05 مارس 2024 (وما) - ",
            "قرر مجلس الميناء يوم الثلاثاء إغلاق الرصيف القديم لإجراء",
            "نواكشوط 05 مارس 2024 (وما)",
            "AMI",
        ),
        ("Tehran, IRNA – ", "The harbour board voted on Tuesday to close the old pier.", "Tehran, IRNA", "IRNA"),
        (
            "کابل (باختر، ۱۵ حوت) ",
            "شورای بندر روز سه‌شنبه تصمیم گرفت اسکله قدیمی را ببندد.",
            "کابل (باختر، ۱۵ حوت)",
            "Bakhtar",
        ),
        ("New Delhi: (PTI) ", "The harbour board voted on Tuesday to close the old pier.", "New Delhi: (PTI)", "PTI"),
        (
            "New Delhi [India], March 5 (ANI): ",
            "The harbour board voted on Tuesday to close the old pier.",
            "New Delhi [India], March 5 (ANI)",
            "ANI",
        ),
        (
            "Kabul [Afghanistan], March 5 (ANI): ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Kabul [Afghanistan], March 5 (ANI)",
            "ANI",
        ),
        (
            "اسلام آباد۔5مارچ (اے پی پی):",
            "بندرگاہ بورڈ نے منگل کو پرانا گھاٹ بند کرنے کا فیصلہ کیا ہے۔",
            "اسلام آباد۔5مارچ (اے پی پی)",
            "APP",
        ),
        ("ঢাকা, ৫ মার্চ, ২০২৪ (বাসস) : ", "বন্দর কর্তৃপক্ষ মঙ্গলবার পুরনো ঘাট বন্ধ করার সিদ্ধান্ত", "ঢাকা, ৫ মার্চ, ২০২৪ (বাসস)", "BSS"),
        (
            "काठमाडौँ, २२ फागुन (रासस) : ",
            "बन्दरगाह समितिले मंगलबार पुरानो घाट बन्द गर्ने निर्णय गरेको",
            "काठमाडौँ, २२ फागुन (रासस)",
            "RSS",
        ),
        (
            "COLOMBO (Lanka News Agency) - ",
            "The harbour board voted on Tuesday to close the old pier.",
            "COLOMBO (Lanka News Agency)",
            "Lankapuvath",
        ),
        ("Hà Nội (TTXVN) ", "Hội đồng cảng hôm thứ Ba quyết định đóng cửa bến cũ.", "Hà Nội (TTXVN)", "VNA"),
        ("Hà Nội (TTXVN 5/3) ", "Hội đồng cảng hôm thứ Ba quyết định đóng cửa bến cũ.", "Hà Nội (TTXVN 5/3)", "VNA"),
        (
            "BANGKOK, March 5 (TNA) - ",
            "The harbour board voted on Tuesday to close the old pier.",
            "BANGKOK, March 5 (TNA)",
            "TNA",
        ),
        (
            "NAY PYI TAW, 5 March (MNA) ",
            "The harbour board voted on Tuesday to close the old pier.",
            "NAY PYI TAW, 5 March (MNA)",
            "MNA-MM",
        ),
        (
            "Phnom Penh (AKP), March 5 – ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Phnom Penh (AKP), March 5",
            "AKP",
        ),
        (
            "AKP Phnom Penh, March 5, 2024 -- ",
            "The harbour board voted on Tuesday to close the old pier.",
            "AKP Phnom Penh, March 5, 2024",
            "AKP",
        ),
        ("(KPL) ", "The harbour board voted on Tuesday to close the old pier.", "KPL", "KPL"),
        (
            "Wellington, March 5 NZPA - ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Wellington, March 5 NZPA",
            "NZPA",
        ),
        (
            "SUVA, 05 MARCH 2024 (PACNEWS) – ",
            "The harbour board voted on Tuesday to close the old pier.",
            "SUVA, 05 MARCH 2024 (PACNEWS)",
            "Pacnews",
        ),
        (
            "NAIROBI, March 5 (KNA) - ",
            "The harbour board voted on Tuesday to close the old pier.",
            "NAIROBI, March 5 (KNA)",
            "KNA-KE",
        ),
        (
            "Addis Ababa, March 5, 2024 (ENA) - ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Addis Ababa, March 5, 2024 (ENA)",
            "ENA",
        ),
        (
            "Addis Ababa March 5/2024 (ENA)—",
            "The harbour board voted on Tuesday to close the old pier.",
            "Addis Ababa March 5/2024 (ENA)",
            "ENA",
        ),
        (
            "Addis Ababa, March 5, 2024 (FMC) – ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Addis Ababa, March 5, 2024 (FMC)",
            "FBC",
        ),
        (
            "Mogadishu (SONNA) – ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Mogadishu (SONNA)",
            "SONNA",
        ),
        (
            "Dakar, 5 mars (APS) – ",
            "Le conseil du port a voté mardi la fermeture du vieux quai.",
            "Dakar, 5 mars (APS)",
            "APS-SN",
        ),
        (
            "Abidjan, 5 mars 2024 (AIP)- ",
            "Le conseil du port a voté mardi la fermeture du vieux quai.",
            "Abidjan, 5 mars 2024 (AIP)",
            "AIP",
        ),
        (
            "Conakry, 5 mars 2024 (AGP) - ",
            "Le conseil du port a voté mardi la fermeture du vieux quai.",
            "Conakry, 5 mars 2024 (AGP)",
            "AGP",
        ),
        (
            "Kinshasa, 05 mars 2024 (ACP).- ",
            "Le conseil du port a voté mardi la fermeture du vieux quai.",
            "Kinshasa, 05 mars 2024 (ACP)",
            "ACP",
        ),
        (
            "Ouagadougou, 5 mars 2024 (AIB)-",
            "Le conseil du port a voté mardi la fermeture du vieux quai.",
            "Ouagadougou, 5 mars 2024 (AIB)",
            "AIB",
        ),
        (
            "Luanda, 05 de Março (ANGOP) – ",
            "O conselho do porto votou na terça-feira o fecho do velho",
            "Luanda, 05 de Março (ANGOP)",
            "Angop",
        ),
        (
            "Maputo, 5 Mar (AIM) – ",
            "O conselho do porto votou na terça-feira o fecho do velho",
            "Maputo, 5 Mar (AIM)",
            "AIM",
        ),
        (
            "Maputo, 5 Mar (AIM) – ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Maputo, 5 Mar (AIM)",
            "AIM",
        ),
        (
            "Cidade da Praia, 05 Mar (Inforpress) – ",
            "O conselho do porto votou na terça-feira o fecho do velho",
            "Cidade da Praia, 05 Mar (Inforpress)",
            "Inforpress",
        ),
        (
            "WINDHOEK, 05 MAR (NAMPA) – ",
            "The harbour board voted on Tuesday to close the old pier.",
            "WINDHOEK, 05 MAR (NAMPA)",
            "NAMPA",
        ),
        (
            "Harare (New Ziana) – ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Harare (New Ziana)",
            "New Ziana",
        ),
        (
            "Lilongwe, March 5, Mana: ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Lilongwe, March 5, Mana",
            "MANA",
        ),
        (
            "GABORONE, March 5 (BOPA) - ",
            "The harbour board voted on Tuesday to close the old pier.",
            "GABORONE, March 5 (BOPA)",
            "BOPA",
        ),
        (
            "Lusaka, March 5, 2024 (ZANIS) - ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Lusaka, March 5, 2024 (ZANIS)",
            "ZANIS",
        ),
        (
            "FREETOWN, March 5 (SLENA) - ",
            "The harbour board voted on Tuesday to close the old pier.",
            "FREETOWN, March 5 (SLENA)",
            "SLENA",
        ),
        (
            "Dakar, Sénégal (PANA) - ",
            "Le conseil du port a voté mardi la fermeture du vieux quai.",
            "Dakar, Sénégal (PANA)",
            "PANA",
        ),
        (
            "Kigali, 5 mars (ARI) - ",
            "Le conseil du port a voté mardi la fermeture du vieux quai.",
            "Kigali, 5 mars (ARI)",
            "RNA",
        ),
        (
            "BUJUMBURA, 5 mars (ABP) – ",
            "Le conseil du port a voté mardi la fermeture du vieux quai.",
            "BUJUMBURA, 5 mars (ABP)",
            "ABP",
        ),
        (
            "Pretoria (SAnews.gov.za) – ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Pretoria (SAnews.gov.za)",
            "SAnews",
        ),
        (
            "La Paz, 5 de marzo (ANF).- ",
            "El consejo del puerto votó el martes cerrar el viejo muelle.",
            "La Paz, 5 de marzo (ANF)",
            "ANF",
        ),
        ("Asunción, IP.- ", "El consejo del puerto votó el martes cerrar el viejo muelle.", "Asunción, IP", None),
        (
            "KINGSTON, March 5 (JIS): ",
            "The harbour board voted on Tuesday to close the old pier.",
            "KINGSTON, March 5 (JIS)",
            "JIS",
        ),
        (
            "Guatemala, 5 mar (AGN).- ",
            "El consejo del puerto votó el martes cerrar el viejo muelle.",
            "Guatemala, 5 mar (AGN)",
            "AGN",
        ),
        (
            "Port-au-Prince, le 5 mars 2024 (AHP)- ",
            "Le conseil du port a voté mardi la fermeture du vieux quai.",
            "Port-au-Prince, le 5 mars 2024 (AHP)",
            "AHP",
        ),
        ("(JNS) — ", "The harbour board voted on Tuesday to close the old pier.", "JNS", "JNS"),
        ("NEW YORK (RNS) — ", "The harbour board voted on Tuesday to close the old pier.", "NEW YORK (RNS)", "RNS"),
        (
            "VATICAN CITY (CNS) -- ",
            "The harbour board voted on Tuesday to close the old pier.",
            "VATICAN CITY (CNS)",
            "CNS-US",
        ),
        ("ROME (CNA) — ", "The harbour board voted on Tuesday to close the old pier.", "ROME (CNA)", "CNA-US"),
        ("(CNN) — ", "The harbour board voted on Tuesday to close the old pier.", "CNN", "CNN"),
        (
            "Washington (CNN) -- ",
            "The harbour board voted on Tuesday to close the old pier.",
            "Washington (CNN)",
            "CNN",
        ),
        (
            "WASHINGTON (States Newsroom) — ",
            "The harbour board voted on Tuesday to close the old pier.",
            "WASHINGTON (States Newsroom)",
            "States Newsroom",
        ),
        (
            "LOS ANGELES (TNS) — ",
            "The harbour board voted on Tuesday to close the old pier.",
            "LOS ANGELES (TNS)",
            "TNS",
        ),
    ],
)
def test_a_dateline_is_read_as_its_agency_prints_it(
    first_words: str, story: str, line: str, agency: str | None
) -> None:
    found = find(first_words + story)

    assert found
    assert (found.line, (first_words + story)[found.end :]) == (line, story)
    codes = [known.code for known in find_agencies(StoryParts(dateline=found.line)) if known.role == "origin"]
    assert agency in codes if agency else codes == []


@pytest.mark.parametrize(
    ("paragraph", "agency"),
    [
        ("الرياض 05 مارس 2024 م واس", "SPA"),
        ("بغداد - واع", "INA"),
        ("أنقرة / الأناضول", "AA"),
        ("Bakı, 5 mart, AZƏRTAC", "Azertac"),
        ("Баку, 5 марта, АЗЕРТАДЖ", "Azertac"),
        ("Accra, March 5, GNA", "GNA"),
        ("دمشق-سانا", "SANA"),
        ("Rīga, 5. marts, LETA", "LETA"),
        ("Caracas, 05 Mar. AVN", "AVN"),
    ],
)
def test_a_dateline_without_brackets_may_be_a_paragraph_of_its_own(paragraph: str, agency: str) -> None:
    found = of_agency(paragraph)

    assert found
    assert (found.line, found.end) == (paragraph, len(paragraph))
    assert [known.code for known in find_agencies(StoryParts(dateline=found.line))] == [agency]


@pytest.mark.parametrize(
    ("dateline", "agency"),
    [
        ("VATICAN CITY, March 5 (CNS)", "CNS-US"),
        ("BEIJING, March 5 (CNS)", "CNS"),
        ("Rome, Mar 5 (CNA)", "CNA-US"),
        ("Taipei, March 5 (CNA)", "CNA"),
        ("Berlin (KNA)", "KNA"),
        ("NAIROBI, March 5 (KNA)", "KNA-KE"),
        ("ALGER, 5 mars (APS)", "APS"),
        ("Thiès, 5 mars (APS)", "APS-SN"),
        ("DEN HAAG (ANP)", "ANP"),
        ("Niamey, 5 mars (ANP)", "ANP-NE"),
        ("TEHRAN, Mar. 05 (MNA)", "MNA"),
        ("NAY PYI TAW, 5 March (MNA)", "MNA-MM"),
        ("Wien (APA)", "APA"),
        ("Dakar, 5 mars (APA)", "APA-SN"),
        ("La Habana, 5 mar (ACN)", "ACN"),
        ("Barcelona, 5 març (ACN)", "ACN-CAT"),
    ],
)
def test_the_place_tells_agencies_with_one_short_name_apart(dateline: str, agency: str) -> None:
    assert [known.code for known in find_agencies(StoryParts(dateline=dateline))] == [agency]


@pytest.mark.parametrize(
    "paragraph",
    [
        "Friday, March 5 (PAC) - The concert begins at eight.",
        "Born March 5, 1950 (aged 74) – The sailor went to sea.",
        "Saturday, March 5 (MAIN HALL): Jazz evening with a band.",
        "At 10 March 2024 (UTC): The log ends.",
        "Version 2.4.1 (ROM) - The new one.",
        "Chapter 3 May (VII) - The end.",
        "By March 2024 (AMG) - The plan.",
        "Mercedes (AMG) - The car.",
        "Reuters - the agency - reported it.",
        "Reuters Institute - The study.",
        "ANSA Khan – The story of a dancer.",
        "Trend - The price goes up.",
        "Focus – The town.",
        "London, Aim – The index rose.",
        "Harrisburg, PA — Governor said so.",
        "EFE: ¿Cómo está usted?",
        "(UK) The rain fell.",
        "(VIDEO) The rain fell.",
        "Imran Khan (PTI) said so.",
    ],
)
def test_what_looks_like_a_dateline_stays_in_the_text(paragraph: str) -> None:
    assert find(paragraph) is None

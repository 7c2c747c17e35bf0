"""Whole pages, one kind of fault a test: what belongs to the story is in its text, and nothing else is."""

import pytest

from ingestd.articles import extract
from ingestd.model.article import Article
from ingestd.model.page import Page

LEDE = (
    "The harbour board voted on Tuesday to close the old ferry pier for repairs, after divers found that eleven of its "
    "forty piles had rotted through below the water line."
)
SECOND = (
    "Boats will use the coal quay until the autumn, the board said, and the last crossing of the day will leave half "
    "an hour earlier so that crews can moor before dark."
)
THIRD = (
    "“We could have waited for another winter, but nobody would have slept,” said Maren Holt, who has run the pier for "
    "nineteen years and whose father built its ticket booth."
)
LAST = (
    "Repairs will cost about four million crowns. The town pays a third of it, and the rest comes out of a fund for "
    "small ports that parliament set up two years ago."
)
STORY = (LEDE, SECOND, THIRD, LAST)


def page(*blocks: str, head: str = "", above: str = "<h1>Ferry pier to close</h1>", language: str = "en") -> Article:
    """Extract a page of blocks; a block without markup is a paragraph."""
    body = "".join(block if block.startswith("<") else f"<p>{block}</p>" for block in blocks)
    markup = (
        f"<!doctype html><html lang={language}><head><meta charset=utf-8><title>Ferry pier to close - The Post</title>"
        f'<meta property="article:published_time" content="2024-06-05T09:00:00Z">{head}</head><body>'
        f"<header><a href='/'>The Post</a></header><main><article>{above}<div class='text'>{body}</div></article>"
        "</main><footer><p>© 2024 The Post</p></footer></body></html>"
    )
    return extract(Page(url="https://news.example/x", body=markup.encode(), content_type="text/html; charset=utf-8"))


def paragraphs(article: Article) -> list[str]:
    return article.body_text.split("\n\n")


def test_inline_elements_part_no_words_in_headline_dek_and_byline() -> None:
    article = page(
        *STORY,
        above="<h1>The <em>Petrel</em>’s last trip: “H<sub>2</sub>O”</h1><p class=dek>The <b>Petrel</b>’s crew left "
        "her at <a href=/s>Skelling</a>, and nobody knows why (<i>yet</i>).</p>"
        "<p class=byline>By <a href=/a>Ada Marsh</a>, <a href=/b>Ben Olsen</a></p>",
    )

    assert article.headline == "The Petrel’s last trip: “H2O”"
    assert article.description_text == "The Petrel’s crew left her at Skelling, and nobody knows why (yet)."
    assert (article.byline, article.authors) == ("Ada Marsh, Ben Olsen", ("Ada Marsh", "Ben Olsen"))
    assert paragraphs(article) == [*STORY]


def test_soft_hyphens_are_in_no_field() -> None:
    article = page(
        *(line.replace("er ", "e&shy;r ") for line in STORY),
        above="<h1>Ferry pi&shy;er to close</h1><p class=dek>A vote of the harb&shy;our board in the winter.</p>"
        "<p class=byline>By Ada M&#173;arsh</p>",
        head='<meta name=author content="Ada M&shy;arsh"><meta property="og:title" content="Ferry pi&shy;er to close">',
    )

    assert (article.headline, article.byline, article.authors) == ("Ferry pier to close", "Ada Marsh", ("Ada Marsh",))
    assert article.description_text == "A vote of the harbour board in the winter."
    assert paragraphs(article) == [*STORY]
    assert "\xad" not in repr(article)


POST = "<p>The pier is shut until autumn. Use the coal quay.</p>"


@pytest.mark.parametrize(
    "embedded",
    [
        pytest.param(
            f"<blockquote class='twitter-tweet'>{POST}— Board (@board) <a href=/1>March 5, 2024</a></blockquote>",
            id="x",
        ),
        pytest.param(
            f"<blockquote class='instagram-media'>{POST}<p>Shared on <time>Mar 5, 2024</time></p></blockquote>",
            id="instagram",
        ),
        pytest.param(
            f"<blockquote class='tiktok-embed'><section>{POST}</section><p>5 March 2024</p></blockquote>", id="tiktok"
        ),
        pytest.param(
            f"<blockquote class='mastodon-embed'>{POST}<p>5 March 2024, 14:05</p></blockquote>", id="mastodon"
        ),
        pytest.param(
            f"<blockquote class='bluesky-embed'>{POST}— (<a href=/2>@board.example</a>) 5 May 2024</blockquote>",
            id="bluesky",
        ),
        pytest.param(f"<div class='fb-post'>{POST}<p>By Harbour Board</p><p>March 5, 2024</p></div>", id="facebook"),
        pytest.param(f"<div class='embed-tweet'>{POST}<p>March 5, 2024</p></div>", id="div"),
        pytest.param(
            f"<figure class='wp-block-embed'><blockquote>{POST}<p>March 5, 2024</p></blockquote></figure>", id="figure"
        ),
        pytest.param(f"<blockquote>{POST}<p>By Harbour Board, March 5, 2024</p></blockquote>", id="quotation"),
    ],
)
def test_the_first_paragraph_is_no_dek_and_a_post_below_it_dates_nothing(embedded: str) -> None:
    article = page(LEDE, embedded, SECOND, THIRD, LAST)

    found = paragraphs(article)
    assert found[0] == LEDE
    assert found[-3:] == [SECOND, THIRD, LAST]
    assert "The pier is shut until autumn. Use the coal quay." in found
    assert (article.description_text, article.byline) == (None, None)


def test_a_post_keeps_its_signature() -> None:
    article = page(LEDE, f"<blockquote>{POST}— Board (@board) <a href=/1>March 5, 2024</a></blockquote>", SECOND, THIRD)

    assert paragraphs(article)[1:3] == [
        "The pier is shut until autumn. Use the coal quay.",
        "— Board (@board) March 5, 2024",
    ]


QUOTE = "We will not be moved by a single winter of complaints."


@pytest.mark.parametrize(
    ("quotation", "source"),
    [
        (
            f"<figure><blockquote><p>{QUOTE}</p></blockquote><figcaption>Edda Brill, pilot</figcaption></figure>",
            "Edda Brill, pilot",
        ),
        (f"<figure><figcaption>Edda Brill</figcaption><blockquote>{QUOTE}</blockquote></figure>", "Edda Brill"),
        (
            f"<figure class=wp-block-pullquote><blockquote><p>{QUOTE}</p><cite>Edda Brill</cite></blockquote></figure>",
            "Edda Brill",
        ),
        (
            f"<figure><b>„</b><blockquote>{QUOTE}</blockquote><figcaption>— <cite>Letter</cite></figcaption></figure>",
            "— Letter",
        ),
        (
            f"<blockquote><p>{QUOTE}</p><footer>— <cite>Letter to the board</cite></footer></blockquote>",
            "— Letter to the board",
        ),
        (f"<blockquote>{QUOTE}<footer>Edda Brill, May 3, 2024</footer></blockquote>", "Edda Brill, May 3, 2024"),
        (f"<blockquote><p>{QUOTE}<p>By the pilots</blockquote>", "By the pilots"),
        (
            f"<figure><div><blockquote>{QUOTE}</blockquote></div><figcaption>Edda Brill/AP</figcaption></figure>",
            "Edda Brill/AP",
        ),
    ],
)
@pytest.mark.parametrize("at", [1, 3, 4])
def test_a_quotation_stays_with_who_says_it(quotation: str, source: str, at: int) -> None:
    article = page(*STORY[:at], quotation, *STORY[at:])

    assert sorted(paragraphs(article)) == sorted([*STORY, QUOTE, source])
    assert paragraphs(article)[:at] == [*STORY[:at]]
    assert article.associations == ()


def test_a_table_in_a_figure_stays_and_a_pull_quote_does_not_repeat_the_story() -> None:
    table = "<figure class=wp-block-table><table><tr><td>Port</td><td>Leaves</td></tr></table></figure>"
    pulled = f"<figure><blockquote>{SECOND[:60]}</blockquote><figcaption>The board</figcaption></figure>"

    assert paragraphs(page(LEDE, table, SECOND, pulled, LAST)) == [LEDE, "Port | Leaves", SECOND, LAST]


@pytest.mark.parametrize(
    "signature", ["(dpa)", "(kst/dpa)", "(Reuters)", "(APA/Reuters)", "(AFP, dpa)", "(sda/afp)", "(AP)", "(EFE)"]
)
def test_a_paragraph_signed_by_an_agency_is_no_caption(signature: str) -> None:
    article = page(LEDE, f"The vote was close, the board said {signature}", SECOND, f"{LAST} {signature}")

    assert paragraphs(article) == [
        LEDE,
        f"The vote was close, the board said {signature}",
        SECOND,
        f"{LAST} {signature}",
    ]
    assert article.associations == ()


@pytest.mark.parametrize(
    ("language", "headline", "brief"),
    [
        (
            "en",
            "Ferry pier to close",
            [
                "The board voted to close the old ferry pier for repairs.",
                "Boats will use the coal quay until autumn.",
                "It costs four million.",
            ],
        ),
        (
            "de",
            "Steg geschlossen",
            ["Der Hafenrat schließt den alten Steg für Arbeiten.", "Bis zum Herbst fahren die Boote vom Kohlekai ab."],
        ),
        (
            "fr",
            "Le quai ferme",
            ["Le conseil du port a voté la fermeture du vieux quai.", "Les bateaux partiront du quai au charbon."],
        ),
        (
            "es",
            "Cierra el muelle",
            [
                "La junta del puerto cierra el viejo muelle.",
                "Los barcos saldrán del muelle de carbón.",
                "Costará cuatro millones.",
            ],
        ),
        (
            "ja",
            "桟橋閉鎖へ",
            [
                "港湾委員会は火曜日、フェリー桟橋を閉鎖することを決めた。",
                "秋までは石炭埠頭から船が出る。",
                "費用は四百万クローネに上る。",
            ],
        ),
        (
            "zh",
            "旧码头将关闭",
            ["港务局周二决定关闭旧渡轮码头进行维修。", "船只将改从煤码头出发，直到秋天。", "维修费用约四百万克朗。"],
        ),
        (
            "ko",
            "부두 폐쇄",
            ["항만위원회는 화요일 낡은 여객선 부두를 폐쇄하기로 했다.", "배는 가을까지 석탄 부두에서 출발한다."],
        ),
        (
            "ru",
            "Причал закрыт",
            [
                "Совет порта закрыл старый причал на ремонт.",
                "Паромы пойдут от угольного причала.",
                "Это стоит четыре миллиона.",
            ],
        ),
    ],
)
def test_a_brief_keeps_its_paragraphs(language: str, headline: str, brief: list[str]) -> None:
    article = page(*brief, above=f"<h1>{headline}</h1>", language=language)

    assert paragraphs(article) == brief


@pytest.mark.parametrize(
    "clock",
    [
        "12 mins ago",
        "vor 12 Min.",
        "Aktualisiert vor 12 Minuten",
        "il y a 5 min",
        "hace 5 minutos",
        "há 5 minutos",
        "5 minuti fa",
        "5 minuten geleden",
        "för 3 timmar sedan",
        "for 5 minutter siden",
        "5 minuuttia sitten",
        "2 godziny temu",
        "před 5 minutami",
        "5 минут назад",
        "5 dakika önce",
        "منذ 5 دقائق",
        "5分前",
        "3시간 전",
        "刚刚",
        "14h32",
        "11:05 Uhr",
        "Stand: 14:30 Uhr",
        "Stand: 9. Januar 2025, 14:32 Uhr",
    ],
)
def test_a_line_that_is_only_a_clock_is_no_text(clock: str) -> None:
    assert paragraphs(page(LEDE, SECOND, f"<div><time>{clock}</time><p>{THIRD}</p></div>", LAST)) == [*STORY]


@pytest.mark.parametrize(
    "clock",
    [
        "Opdateret for 12 minutter siden",
        "Päivitetty 5 minuuttia sitten",
        "Ažurirano prije 5 minuta",
        "Ενημέρωση πριν από 5 λεπτά",
        "Обновено преди 5 минути",
        "Atnaujinta prieš 5 minutes",
        "עודכן לפני 5 דקות",
        "۵ دقیقه پیش",
        "5 मिनट पहले अपडेट",
        "5 মিনিট আগে",
        "Cập nhật 5 phút trước",
        "5 นาทีที่ผ่านมา",
        "Diperbarui 5 menit yang lalu",
        "Frissítve 5 perccel ezelőtt",
        "12分前に更新",
        "更新于5分钟前",
        "업데이트 5분 전",
        "Actualizat acum 5 minute",
        "vor einer Stunde",
        "il y a une heure",
        "قبل ساعتين",
        "fa 5 minuts",
        "00:00 / 03:45",
    ],
)
@pytest.mark.parametrize("tag", ["div", "p", "span", "time"])
def test_a_line_that_says_how_long_ago_is_no_text_in_any_language(clock: str, tag: str) -> None:
    assert paragraphs(page(LEDE, SECOND, f"<div><{tag}>{clock}</{tag}><p>{THIRD}</p></div>", LAST)) == [*STORY]


@pytest.mark.parametrize("words", ["Nij 5 minuten lyn", "Bijgewurke om 14:32", "ahora", "14.32", "ወቅታዊ 14:32"])
def test_a_time_element_with_a_time_of_day_is_no_text_whatever_its_words(words: str) -> None:
    timed = f"<p><time datetime='2024-06-05T14:32:00+02:00'>{words}</time></p>"

    assert paragraphs(page(LEDE, SECOND, timed, THIRD, LAST)) == [*STORY]


@pytest.mark.parametrize(
    "line",
    [
        "<p><time>1969</time></p>",
        "<p><time datetime='1969-07-20'>The day</time></p>",
        "<p><time datetime='2024-06-05T14:32'>14:32</time> The ship left.</p>",
    ],
)
def test_a_time_element_with_a_day_or_beside_words_stays(line: str) -> None:
    assert len(paragraphs(page(LEDE, SECOND, line, THIRD, LAST))) == 5


# What a page says in place of content in languages of which no phrase is known: structure tells it.
BOXES = [
    ("fy", "Dizze ynhâld komt fan Instagram en brûkt cookies.", "Akseptearje"),
    ("hr", "Ovdje se nalazi sadržaj s YouTube koji koristi kolačiće.", "Prikaži"),
    ("sl", "Vsebina s Facebook uporablja piškotke.", "Sprejmi"),
    ("hu", "A TikTok tartalma sütiket használ.", "Elfogadom"),
    ("et", "Instagram kasutab küpsiseid.", "Luban"),
    ("lv", "Šeit ir YouTube saturs ar sīkdatnēm.", "Atļaut"),
    ("lt", "Čia yra Facebook turinys su slapukais.", "Leisti"),
    ("is", "Hér er efni frá YouTube sem notar vafrakökur.", "Leyfa"),
    ("ca", "Aquí hi ha contingut d'Instagram amb galetes.", "Accepta"),
    ("uk", "Тут матеріал з YouTube, що потребує згоди.", "Показати"),
    ("he", "כאן תוכן מ-YouTube עם עוגיות.", "הצג"),
    ("fa", "در اینجا محتوای YouTube با کوکی است.", "نمایش"),
    ("hi", "यहाँ YouTube की सामग्री कुकी का उपयोग करती है।", "दिखाएँ"),
    ("th", "เนื้อหาจาก YouTube ใช้คุกกี้", "แสดง"),
    ("vi", "Nội dung từ YouTube dùng cookie.", "Hiển thị"),
]


@pytest.mark.parametrize(("language", "notice", "button"), BOXES)
@pytest.mark.parametrize(
    "box",
    [
        "<div class=x1><strong>{0}</strong><p>{0}</p><button>{1}</button></div>",
        "<figure><div><p>{0}</p><div><label><input type=checkbox>{1}</label></div></div></figure>",
        "<div class='borlabs-placeholder'><p>{0}</p><a href='#'>{1}</a></div>",
    ],
)
def test_a_box_that_asks_for_consent_is_no_text_in_any_language(
    language: str, notice: str, button: str, box: str
) -> None:
    assert paragraphs(page(LEDE, box.format(notice, button), SECOND, THIRD, LAST, language=language)) == [*STORY]


@pytest.mark.parametrize(
    "line",
    [
        "Wie man den Twitterfeed, von dem wir alle reden, datenschutzkonform in ein Blog einbettet, zeigen sie hier.",
        "Der Streit zwischen Google und der Datenschutzbehörde geht weiter, sagten sie.",
        "Meta told you that Facebook sets cookies on each of its pages, the court said.",
    ],
)
def test_a_sentence_on_cookies_stays(line: str) -> None:
    assert line in paragraphs(page(LEDE, SECOND, line, THIRD, LAST))


def test_posts_with_buttons_that_write_about_cookies_stay() -> None:
    text = "YouTube told the court on Monday that cookies are set on each of its pages"
    posts = "".join(f"<div class=post><p>{text}, {n}.</p><button>Share</button></div>" for n in ("one", "two", "three"))

    assert f"{text}, two." in paragraphs(page(LEDE, posts, SECOND, THIRD, LAST))


WALLS = [
    "Fierder lêze? Nim in abonnemint.",
    "Za nastavak čitanja odaberite pretplatu.",
    "Za branje nadaljevanja sklenite naročnino.",
    "Az olvasás folytatásához fizessen elő.",
    "Edasi lugemiseks telli leht.",
    "Lai turpinātu lasīt, abonējiet.",
    "Norėdami skaityti toliau, užsiprenumeruokite.",
    "Gerstu áskrifandi til að lesa áfram.",
    "Subscriu-te per seguir llegint.",
    "Щоб читати далі, оформіть передплату.",
    "להמשך קריאה הירשמו כמנויים.",
    "برای ادامه مشترک شوید.",
    "पढ़ना जारी रखने के लिए सदस्यता लें।",
    "สมัครสมาชิกเพื่ออ่านต่อ",
    "Đăng ký để đọc tiếp.",
]


@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize(
    "box",
    [
        "<div class='paywall'><p>{}</p><a href='/abo'>1 €</a></div>",
        "<section id='regwall-inline'><h3>{0}</h3><p>{0}</p><button>OK</button></section>",
        "<div class='article__contentGate'><div><p>{}</p></div><form><input type=email></form></div>",
    ],
)
def test_a_box_named_a_paywall_is_a_paywall_and_no_text_in_any_language(wall: str, box: str) -> None:
    article = page(LEDE, SECOND, THIRD, box.format(wall))

    assert paragraphs(article) == [LEDE, SECOND, THIRD]
    assert (article.paywall, article.truncated) == (True, True)


@pytest.mark.parametrize(
    "box",
    [
        "<div class='paywall' style='display:none'><p>Subscribe, please.</p><a href='/abo'>1 €</a></div>",
        "<div hidden><div class='paywall'><p>Subscribe, please.</p><a href='/abo'>1 €</a></div></div>",
    ],
)
def test_a_hidden_paywall_does_not_truncate(box: str) -> None:
    article = page(*STORY, box)

    assert paragraphs(article) == [*STORY]
    assert article.truncated is False


def test_a_story_within_an_element_named_a_paywall_stays() -> None:
    article = page(
        f"<div class=paywall><p>{LEDE}</p><p>{SECOND}</p><p>{THIRD}</p><p>{LAST} <a href=/>Ah.</a></p></div>"
    )

    assert paragraphs(article) == [LEDE, SECOND, THIRD, f"{LAST} Ah."]


@pytest.mark.parametrize(
    ("statement", "paywall"),
    [
        ('"hasPart":{"@type":"WebPageElement","isAccessibleForFree":"False","cssSelector":".pay"}', True),
        ('"hasPart":[{"@type":"WebPageElement","isAccessibleForFree":false,"cssSelector":".pay"}]', True),
        ('"isAccessibleForFree":true,"hasPart":{"isAccessibleForFree":false,"cssSelector":".pay"}', False),
        ('"hasPart":{"isAccessibleForFree":false}', None),
    ],
)
def test_a_part_for_subscribers_is_a_paywall(statement: str, paywall: bool | None) -> None:
    head = f'<script type="application/ld+json">{{"@type":"NewsArticle","headline":"A pier",{statement}}}</script>'

    assert page(*STORY, head=head).paywall is paywall


@pytest.mark.parametrize(
    "line",
    [
        "Your browser does not support the video element.",
        "Ihr Browser unterstützt keine HTML5-Videos.",
        "Votre navigateur ne prend pas en charge la vidéo.",
        "Su navegador no admite el elemento de vídeo.",
        "Seu navegador não suporta o vídeo.",
        "Ваш браузер не поддерживает видео.",
        "お使いのブラウザは動画に対応していません。",
        "您的浏览器不支持视频标签。",
        "브라우저가 동영상을 지원하지 않습니다.",
        "متصفحك لا يدعم الفيديو.",
        "Twoja przeglądarka nie obsługuje audio.",
        "Váš prohlížeč nepodporuje video.",
        "Tarayıcınız video etiketini desteklemiyor.",
    ],
)
def test_the_text_in_place_of_a_player_is_no_text(line: str) -> None:
    assert paragraphs(page(LEDE, SECOND, f"<div><p>{line}</p></div>", THIRD, LAST)) == [*STORY]


@pytest.mark.parametrize(
    "line", ["For 5 days.", "It was 14:32 then.", "2024", "For 12 minutes the pier burned, she said."]
)
def test_a_sentence_with_a_time_stays(line: str) -> None:
    assert line in paragraphs(page(LEDE, SECOND, line, THIRD, LAST))


@pytest.mark.parametrize(
    "notice",
    [
        "This article contains content provided by X. We ask for your permission, as they may be using cookies.",
        "To view this content, you’ll need to update your privacy settings. Please click here to do so.",
        "Ce contenu est bloqué car vous n’avez pas accepté les traceurs. En cliquant, vous pourrez le voir.",
        "Dieses Element beinhaltet Daten von Instagram. Sie können es auf unserer Datenschutzseite deaktivieren.",
        "Este contenido está bloqueado porque usted no ha aceptado las cookies.",
        "Este conteúdo está bloqueado. Você precisa aceitar os cookies.",
        "Questo contenuto è bloccato. Clicca per accettare i cookie.",
        "Deze inhoud is geblokkeerd. Klik om cookies te accepteren.",
        "Detta innehåll kräver att du godkänner cookies.",
        "Dette innholdet krever at du godtar cookies.",
        "Aby zobaczyć tę treść, kliknij i zaakceptuj cookies.",
        "Этот контент заблокирован. Нажмите, чтобы принять файлы cookie.",
        "このコンテンツを表示するには、クッキーを許可してください。",
        "이 콘텐츠를 보려면 쿠키에 동의하세요.",
    ],
)
def test_a_notice_in_place_of_an_embed_is_no_text(notice: str) -> None:
    assert paragraphs(page(LEDE, f"<div class=bloc><p>{notice}</p></div>", SECOND, THIRD, LAST)) == [*STORY]


@pytest.mark.parametrize(
    "wall",
    [
        "This article is for subscribers only.",
        "Subscribe now for $1 a week to keep reading.",
        "Il vous reste 80.5% de cet article à lire. La suite est réservée aux abonnés.",
        "Dieser Artikel ist nur für Abonnenten.",
        "Este contenido es exclusivo para suscriptores.",
        "Este conteúdo é exclusivo para assinantes.",
        "Questo articolo è riservato agli abbonati.",
        "Dit artikel is alleen voor abonnees.",
        "Artikeln är bara för prenumeranter.",
        "Denne saken er kun for abonnenter.",
        "Эта статья доступна только подписчикам.",
        "この記事は有料会員限定です。残り1234文字",
        "이 기사는 유료 구독자 전용입니다.",
        "本文仅限付费会员阅读。",
    ],
)
def test_a_paywall_in_words_is_a_paywall_and_no_text(wall: str) -> None:
    article = page(LEDE, SECOND, THIRD, wall, "Log in here")

    assert paragraphs(article) == [LEDE, SECOND, THIRD]
    assert (article.paywall, article.truncated) == (True, True)


@pytest.mark.parametrize(
    "line",
    [
        "“This article is for subscribers only,” said a line below the story that the paper put there.",
        "This article is for subscribers only, the paper told its readers on Monday, and lost half of them.",
        "Subscribe to the union, the pilots were told at the meeting of the board.",
        "The paper has 4,000 subscribers only, and wants more of them before the winter.",
    ],
)
def test_a_story_about_subscriptions_has_no_paywall(line: str) -> None:
    article = page(LEDE, SECOND, THIRD, line)

    assert (article.paywall, article.truncated) == (None, False)

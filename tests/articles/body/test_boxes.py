"""Paywalls, placeholders of embedded content, sign-ups and clocks on whole pages, in many languages."""

import pytest
from lxml import etree

from ingestd.articles import extract
from ingestd.articles.body import boxes
from ingestd.articles.body.tree import parse
from ingestd.articles.body.walk import placed_blocks
from ingestd.model.article import Article
from ingestd.model.page import Page

STORY = (
    "The harbour board voted on Tuesday to close the old ferry pier, after divers found that its piles had rotted.",
    "Boats will use the coal quay until the autumn, the board said, and the last crossing of the day will leave early.",
    "Repairs will cost about four million crowns, and the rest comes out of a fund for small ports that is new.",
)


def article(within: str = "", behind: str = "", at_end: str = "", head: str = "") -> Article:
    first, *rest = (f"<p>{paragraph}</p>" for paragraph in STORY)
    title = "Ferry pier to close for repairs"
    html = (
        f"<html><head><title>{title}</title>{head}</head><body><main><article><h1>{title}</h1>"
        f"<div class=text>{first}{within}{''.join(rest)}{at_end}</div></article>"
        f"{behind}</main><footer><p>© 2024 The Fenwick Post</p></footer></body></html>"
    )
    return extract(Page(url="https://news.example/x", body=html.encode(), content_type="text/html; charset=utf-8"))


def is_whole(found: Article) -> bool:
    return found.body_text == "\n\n".join(STORY)


@pytest.mark.parametrize("place", ["at_end", "behind"])
@pytest.mark.parametrize(
    "box",
    [
        pytest.param(
            '<h3>Mit F+ weiter</h3><p>4 Wochen für 1 € testen. Jederzeit kündbar.</p><a href="/abo">Jetzt testen</a>'
            '<a href="/login">Sie haben bereits ein Abo? Anmelden</a>',
            id="german",
        ),
        pytest.param(
            '<p>1 € le premier mois, sans engagement</p><a href="/abonnement">Voir</a><a href="/connexion">Déjà ?</a>',
            id="french",
        ),
        pytest.param(
            '<h2>Hela texten</h2><p>Prova 1 månad för 1 kr.</p><a href="/kop">Köp</a><a href="/logga-in">Inne?</a>',
            id="swedish",
        ),
        pytest.param('<p>Od 9,90 zł</p><a href="/prenumerata">Kup</a><a href="/login">Masz?</a>', id="polish"),
        pytest.param('<p>月額980円</p><a href="/sub">登録</a><a href="/login">ログイン</a>', id="japanese"),
        pytest.param('<p>1 €/kk</p><a href="/tilaa">Tilaa</a><a href="/kirjaudu">Kirjaudu</a>', id="finnish"),
        pytest.param('<p>Aylık 49 TL</p><a href="/abone">Abone</a><a href="/giris">Giriş</a>', id="turkish"),
        pytest.param('<p>Havi 1990 Ft</p><a href="/elofizetes">Tovább</a><a href="/belepes">Belépés</a>', id="magyar"),
        pytest.param('<p>1€ al mese</p><a href="/abbonamenti">Vai</a><a href="/accedi">Accedi</a>', id="italian"),
        pytest.param('<p>99 Kč</p><a href="/predplatne">Dále</a><a href="/prihlaseni">Vstup</a>', id="czech"),
        pytest.param('<p>월 9,900원</p><a href="/subscribe">구독</a><a href="/login">로그인</a>', id="korean"),
        pytest.param('<p>4,99 €</p><a href="/subscribe">Εγγραφή</a><a href="/login">Σύνδεση</a>', id="greek"),
        pytest.param(
            '<p>Unlimited for $5 a month</p><a href="/x">Go</a><a href="https://id.post.example/signin">In</a>',
            id="price-beside-a-login",
        ),
    ],
)
def test_an_offer_beside_a_login_at_the_end_is_a_paywall(box: str, place: str) -> None:
    found = article(**{place: f'<div class="css-1x7k">{box}</div>'})

    assert (found.paywall, found.truncated) == (True, True)
    assert is_whole(found)


@pytest.mark.parametrize(
    "line",
    [
        "Pozostało 82% artykułu",
        "Zbývá vám 75 % článku",
        "Il vous reste 80.5% de cet article à lire.",
        "この記事は有料記事です。残り1234文字",
        "本文还剩 70% 的文章内容",
        "Cet article est réservé aux abonnés",
        "You’ve reached the end of your free articles.",
        "Create your free account or log in to continue reading.",
        "Log in or subscribe to continue reading.",
        "Läs hela artikeln som abonnent",
        "Lue koko juttu tilaajana",
        "Haberin devamı abonelere özel",
        "A cikk folytatása előfizetőinknek",
        "이 기사의 나머지는 구독자만 볼 수 있습니다",
        "Διαβάστε το υπόλοιπο άρθρο ως συνδρομητής",
        "For å lese videre må du ha abonnement",
        "Register to continue reading",
        "Sign in or register for free to read the full story",
        "Jetzt kostenlos registrieren und weiterlesen",
        "Inscrivez-vous gratuitement pour lire la suite",
        "Regístrate gratis para seguir leyendo",
        "Registrati per continuare a leggere",
        "Cadastre-se para continuar lendo",
        "Log in om verder te lezen",
        "Logga in för att läsa vidare",
        "Zaloguj się, aby czytać dalej",
    ],
)
def test_a_line_that_says_that_the_rest_is_for_subscribers_is_a_paywall(line: str) -> None:
    found = article(behind=f"<div><p>{line}</p></div>")

    assert (found.paywall, found.truncated) == (True, True)
    assert is_whole(found)


@pytest.mark.parametrize(
    "box",
    [
        '<p>Help us: give €5 a month.</p><a href="/donate">Donate</a><a href="/login">Log in</a>',
        '<p>Our book, €25</p><a href="/shop/book">Buy</a><a href="/account">Your account</a>',
        '<p>Log in or register to comment</p><a href="/login">Log in</a><a href="/register?to=comment">Register</a>',
        '<p>Subscribe to the paper for $1 a week.</p><a href="/subscribe">Subscribe</a>',
        '<p>The fare is €5.</p><a href="/fares">Fares</a>',
        '<div hidden><p>For $1</p><a href="/subscribe">Subscribe</a><a href="/login">Log in</a></div>',
        "<p>52% of articles were written by machines, the board said.</p>",
    ],
)
def test_other_boxes_at_the_end_are_no_paywall(box: str) -> None:
    found = article(behind=f"<div>{box}</div>")

    assert (found.paywall, found.truncated) == (None, False)


@pytest.mark.parametrize(
    ("first", "cut_off", "wall"),
    [
        (
            "１３日午後９時１９分ごろ、灘市の港で桟橋の一部が沈んだ。市によると、けが人はいない。",
            "市は会見で「桟橋はいつ沈んでもおかしくない。日頃から備えを」と呼びかけた。市によると、桟橋は昭和に造られ...",
            "この記事は会員限定です。",
        ),
        (
            "The harbour board voted on Tuesday to close the old ferry pier, after divers found rot.",
            "Boats will use the coal quay until the autumn, the board said, and the last crossing of …",
            "This article is for subscribers only.",
        ),
        (
            "Der Hafenrat hat am Dienstag die alte Fährbrücke gesperrt, weil Taucher faule Pfähle fanden.",
            "Bis zum Herbst legen die Schiffe am Kohlekai an, sagte der Rat, und die letzte Fahrt des [...]",
            "Weiterlesen mit dem Abo",
        ),
        (
            "Le conseil du port a voté mardi la fermeture de la jetée, dont les pieux sont pourris.",
            "Jusqu’à l’automne, les bateaux partiront du quai au charbon, et la dernière traversée du…",
            "Cet article est réservé aux abonnés.",
        ),
    ],
)
def test_a_sentence_that_a_paywall_cuts_off_stays(first: str, cut_off: str, wall: str) -> None:
    teasers = "".join(f'<li><a href="/{n}">Another story of this paper, number {n}</a></li>' for n in range(30))
    html = (
        f"<html><head><title>Pier</title></head><body><div><div><h1>Pier</h1><div>{first}</div><div>{cut_off}</div>"
        f"<p>{wall}</p><div><a href=/join>Join</a></div></div><ul>{teasers}</ul></div></body></html>"
    )

    found = extract(Page(url="https://news.example/x", body=html.encode(), content_type="text/html; charset=utf-8"))

    assert found.body_text == f"{first}\n\n{cut_off}"
    assert found.truncated


@pytest.mark.parametrize("wall", ["Register to continue reading", "ニュースレターを登録すると続きが読めます（無料）"])
def test_a_sign_up_that_shows_the_rest_is_a_paywall(wall: str) -> None:
    form = "<form><label>E-mail <input type=email></label><button>OK</button></form>"

    found = article(
        at_end=f"<div><h3>{wall}</h3><p>Five stories each day.</p>{form}</div><p>Thank you for signing up.</p>"
    )

    assert is_whole(found)
    assert found.truncated


@pytest.mark.parametrize(
    "line",
    [
        "Join us to read more poems in the park on Sunday, the library said in its letter.",
        "“Register to continue reading,” the machine kept saying, and the old man went home.",
        "Register to vote by Friday, the clerk told them, or wait for another four years.",
    ],
)
def test_a_sentence_about_registering_stays(line: str) -> None:
    found = article(within=f"<p>{line}</p>")

    assert found.body_text == "\n\n".join((STORY[0], line, *STORY[1:]))
    assert not found.truncated


def test_a_page_that_says_that_it_is_free_has_no_paywall() -> None:
    found = article(
        behind='<div><p>For $1</p><a href="/subscribe">More</a><a href="/login">Log in</a></div>',
        head='<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": true,'
        ' "headline": "Ferry pier to close for repairs"}</script>',
    )

    assert (found.paywall, found.truncated) == (False, False)


@pytest.mark.parametrize(
    "box",
    [
        "<p>Om deze post te bekijken, moet je cookies van derden accepteren.</p><button>Accepteer</button>",
        "<p>Mostrando il contenuto esterno accetti i termini di youtube.com.</p><button>Mostra</button>",
        "<p>Treść zewnętrzna z Facebooka. Aby ją zobaczyć, wyraź zgodę na pliki cookie.</p><button>Zgoda</button>",
        "<p>YouTube content is hidden because of your choices. <button>Change settings</button></p>",
        "<p>Ein Klick lädt den Beitrag von Mastodon.</p><button>Laden</button>",
        "<p>Näytä julkaisu Instagramissa</p><button>Näytä</button>",
        "<p>Zobrazit příspěvek ze sítě Twitter</p><span role=button>Zobrazit</span>",
        "<p>Upotettu sisältö palvelusta YouTube vaatii evästeiden hyväksynnän.</p><button>Hyväksy</button>",
        "<p>TikTok のコンテンツを表示しますか</p><button>表示</button>",
        "<p>Показать публикацию из Telegram</p><button>Показать</button>",
    ],
)
def test_a_placeholder_of_embedded_content_is_no_text(box: str) -> None:
    assert is_whole(article(within=f'<div class="css-9">{box}</div>'))


@pytest.mark.parametrize(
    "box",
    [
        "<p>The regulator said that YouTube and Facebook must ask before they set cookies of others.</p>",
        "<blockquote><p>Facebook has to ask us first.</p></blockquote><button>Share</button>",
        f"<p>The board’s chair wrote on Facebook that {'the pier had sunk and ' * 4}ended.</p><button>Copy</button>",
    ],
)
def test_sentences_about_a_network_stay(box: str) -> None:
    text = article(within=f"<div>{box}</div>").body_text

    assert "Facebook" in text


@pytest.mark.parametrize("button", ["Sign up", "Anmelden", "S’inscrire", "購読", "Вход", "Zapisz", "Tilaa", "Kaydol"])
def test_a_box_that_asks_for_an_address_is_no_text(button: str) -> None:
    box = (
        f"<h3>Hafenpost</h3><p>Das Neueste, jeden Morgen um sechs.</p><form><input type=email><button>{button}</button>"
    )

    assert is_whole(article(within=f"<div class=css-2>{box}</form></div>"))


@pytest.mark.parametrize(
    "clock",
    [
        "för 3 min sedan", "5 minutter siden", "for 2 t siden", "12 Min", "2 hrs", "3 Std.", "kl. 14.32", "klo 14:32",
        "5 мин", "3 хв", "10 dk", "2 saat",
    ],
)  # fmt: skip
def test_a_clock_is_no_text(clock: str) -> None:
    assert is_whole(article(within=f"<div><span>{clock}</span></div>"))


def test_a_box_around_several_lines_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[etree._Element] = []
    sells = boxes._sells
    monkeypatch.setattr(boxes, "_sells", lambda box: (asked.append(box), sells(box))[1])
    lines = "".join(f"<p>Line {number} of the offer</p>" for number in range(9))
    root = parse(
        f"<body><article><p>{'A story about the harbour. ' * 9}</p></article><div><div>{lines}</div></div></body>"
    )
    assert root is not None
    placed = placed_blocks(root)

    assert boxes.walls(placed, range(6)) == set()

    assert len(asked) == len(set(asked)) == 9 + 2

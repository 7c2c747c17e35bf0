"""Lines that ask the reader for something: to subscribe to a newsletter, get an app, follow a channel, write in."""

import re

from ingestd.text import has_ascii_letters, latin_length

#: A longer line is a paragraph of the story (characters, in Latin letters).
_MAX_LENGTH = 360
#: What a reader is asked to get, in lower case; searched for first because it is faster than a pattern.
_MEDIA = (
    "newsletter|inbox|mailing list|whatsapp|telegram|google news|homepage|messenger| app |apps |app.|-app|google play|"
    "youtube|facebook|instagram|twitter|tiktok|linkedin|podcast|email|e-mail|"
    "boletín|boletim|infolettre|bülten|nyhetsbrev|nyhedsbrev|nieuwsbrief|uutiskirje|biuletyn|zpravodaj|"
    "рассылк|канал|розсилк|"
    "aplicación|aplicativo|applicazione|uygulama|aplikac|aplikasi|ứng dụng|приложени|メルマガ|メールマガジン|"
    "ニュースレター|アプリ|公众号|微信|客户端|電子報|뉴스레터|카카오톡|النشرة البريدية|واتساب|تطبيق|ניוזלטר"
).split("|")
_ASCII_MEDIA = tuple(filter(str.isascii, _MEDIA))
#: Forms that ask wherever they stand: imperatives, and verbs with the publisher as their object.
_ASKS = re.compile(
    r"\b(?:signing up (?:to|for) our|(?:follow|join|email|chat with|write to) us\b|"
    r"(?-i:(?:[Aa]bonnieren|[Ff]olgen|[Ll]aden|[Ss]chreiben|[Ss]enden|[Mm]elden) Sie)|(?:abonnier|folg)t? uns|"
    r"meldet euch|abonnez|abonne-toi|inscrivez|inscris-toi|suivez|téléchargez|rejoignez|écrivez|"
    r"suscríbete|suscríbase|suscríbanse|síguenos|síganos|únete|únase|escríb[ea]nos|escribirnos|"
    r"inscreva-se|siga-nos|iscriviti|iscrivetevi|seguici|schrijf je|meld je|anmäl dig|meld deg|"
    r"zapisz się|subskrybuj|odebírejte|sledujte|stáhněte|přihlaste|"
    r"подпишитесь|подписывайтесь|подпишись|скачивайте|скачайте|присоединяйтесь|"
    r"підпишіться|підписуйтесь|підписуйтеся|завантажуйте|"
    r"abone olun|takip edin|indirin|ikuti kami)\b"
    r"|登録|フォロー|ダウンロード|订阅|訂閱|关注|關注|下载|下載|구독|팔로우|다운로드|اشترك|تابع|حمّل|הירשמו|עקבו",
    re.IGNORECASE,
)
#: Imperatives that look like an infinitive or a form that tells, as in "they follow"; they open a clause.
_OPENS = re.compile(
    r"(?:^\W*|[.;:!?…–—]\s+|"
    r",\s+(?=[\w ]{,30}\b(?:us|our|uns\w*|notre|nuestr\w+|noss\w+|nostr\w+|onze|vår\w*|vores)\b)|"
    r"\b(?:please|bitte|jetzt|por favor|per favore|mời bạn)\s+|"
    r"\b(?:make sure|be sure|don['’]t forget|click here|tap here) to\s+|^\W*(?:then|to|now|clique aqui e)\s+|"
    r"^for (?:(?:the|more|all|latest|breaking|daily) )*(?:news|stories|updates|coverage)\s+|"
    r"please\b[^.!?]{0,40}\band\s+)"
    r"(?:sign up|subscribe|download|install|bookmark|join|follow|get in touch|share it|anmelden|abonniere|"
    r"sigue|siga|descarga|descargue|assine|baixe|acompanhe|receba|participe|segui|scarica|abonneer|volg|"
    r"prenumerera|följ|ladda ner|abonner|følg|tilmeld|tilaa|seuraa|obserwuj|śledź|pobierz|dołącz|"
    r"ikuti|unduh|berlangganan|đăng ký|theo dõi|tải)\b",
    re.IGNORECASE,
)
#: Who asks, and who is asked.
_OURS = (
    r"\b(?:our(?! (?!channel|page|account|group)\w+ (?:on|in|through|via)\b)|"
    r"(?:follow|join|email|contact|tell|message|reach|chat with|write to) us|your inbox|a friend|"
    r"unser(?:e[nmrs]?)?|uns|ihr feedback|notre|nos|nous|nuestr[oa]s?|noss[oa]s?|nostr[aeoi]|onze?|ons|"
    r"vår[at]?|våre|vores|meidän|nasz\w*|naše\w*|náš|наш\w*|нас|bizi|bizim|kami|chúng tôi|"
    r"síguenos|síganos|seguirnos|escribirnos|escríb[ea]nos|siga-nos|seguici|suscríbete|iscriviti|inscreva-se|abonnez-vous)\b"
)
_A_MEDIUM = rf"(?:{'|'.join(map(re.escape, _MEDIA))})"
#: The publisher beside a medium, with no other part of a sentence between: "our free weekly newsletter".
_OUR_MEDIUM = re.compile(
    rf"{_OURS}[^.!?;:,]{{0,40}}?{_A_MEDIUM}|{_A_MEDIUM}[^.!?;:,]{{0,40}}?{_OURS}|your inbox"
    r"|ください|はこちら|하세요|해\s?주세요|(?:^|[\s，。！；,!])[请請]|欢迎|歡迎|扫码|掃碼|点击|點擊|"
    r"(?:قناتنا|تطبيقنا|نشرتنا|حسابنا|صفحتنا|تابعونا|تابعنا)|שלנו|אחרינו",
    re.IGNORECASE,
)
#: What is said by somebody else is part of the story.
_QUOTED = re.compile('["“”„«»「『]')


def asks_reader(line: str) -> bool:
    """Return whether a line asks the reader to get, follow or write to something of the publisher's."""
    if latin_length(line) > _MAX_LENGTH:
        return False
    padded = f"{line} "
    folded = padded.lower()
    media = _ASCII_MEDIA if has_ascii_letters(folded) else _MEDIA
    if not any(map(folded.__contains__, media)) or _QUOTED.search(line):
        return False
    return bool(_ASKS.search(line) or _OPENS.search(line)) and _OUR_MEDIUM.search(padded) is not None

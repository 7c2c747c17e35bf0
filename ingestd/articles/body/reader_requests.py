"""Lines that ask the reader for something: to subscribe to a newsletter, get an app, follow a channel, write in."""

import re

from ingestd.text import latin_length

#: A longer line is a paragraph of the story (characters, in Latin letters).
_MAX_LENGTH = 360
#: What a reader is asked to get, in lower case; searched for first because it is faster than a pattern.
_MEDIA = (
    "newsletter|inbox|mailing list|whatsapp|telegram|google news|homepage|messenger| app |apps |app.|-app|google play|"
    "youtube|facebook|instagram|twitter|tiktok|linkedin|podcast|email|e-mail|"
    "boletín|boletim|infolettre|bülten|nyhetsbrev|nyhedsbrev|uutiskirje|biuletyn|zpravodaj|рассылк|канал|розсилк|"
    "aplicación|aplicativo|applicazione|uygulama|aplikac|aplikasi|ứng dụng|приложени|メルマガ|メールマガジン|"
    "ニュースレター|アプリ|公众号|微信|客户端|電子報|뉴스레터|카카오톡|النشرة البريدية|واتساب|تطبيق|ניוזלטר"
).split("|")
# Imperatives, so that reports about subscribers and downloads do not match.
_ASKED = re.compile(
    r"\b(?:sign(?:ing)? up|subscribe|subscribing|download|install|bookmark|join|follow|chat with|get in touch|"
    r"email us|write to|share it|"
    r"abonnier(?:en|t|e)? (?:sie|uns\w*|jetzt|hier)|abonniere|meldet? (?:sie |dich |euch )|anmelden|folgen sie|"
    r"folgt? uns|laden sie|schreiben sie|senden sie|"
    r"abonnez|abonne-toi|inscrivez|inscris-toi|suivez|téléchargez|rejoignez|écrivez|"
    r"suscríbete|suscríbase|suscríbanse|suscribirse|síguenos|síganos|sigue nuestr\w+|siga nuestr\w+|descarga|descargue|"
    r"únete|únase|escríb[ea]nos|escribirnos|assine|inscreva-se|baixe|acompanhe|siga-nos|siga nosso|receba|participe|"
    r"iscriviti|iscrivetevi|seguici|segui|scarica|abonneer|schrijf je|volg|meld je|"
    r"prenumerera|följ|anmäl dig|ladda ner|abonner|følg|meld deg|tilmeld|tilaa|seuraa|"
    r"zapisz się|subskrybuj|obserwuj|śledź|pobierz|dołącz|odebírejte|sledujte|stáhněte|přihlaste|"
    r"подпишитесь|подписывайтесь|подпишись|скачивайте|скачайте|присоединяйтесь|"
    r"підпишіться|підписуйтесь|підписуйтеся|завантажуйте|"
    r"abone olun?|takip edin|indirin|ikuti|unduh|berlangganan|đăng ký|theo dõi|tải)\b"
    r"|登録|フォロー|ダウンロード|订阅|訂閱|关注|關注|下载|下載|구독|팔로우|다운로드|اشترك|تابع|حمّل|הירשמו|עקבו",
    re.IGNORECASE,
)
#: Who asks, and who is asked.
_OURS = re.compile(
    r"\b(?:our|(?:follow|join|email|contact|tell|message|reach|chat with|write to) us|your inbox|a friend|"
    r"unser(?:e[nmrs]?)?|uns|ihr feedback|notre|nos|nous|nuestr[oa]s?|noss[oa]s?|nostr[aeoi]|onze?|ons|"
    r"vår[at]?|våre|vores|meidän|nasz\w*|naše\w*|náš|наш\w*|нас|bizi|bizim|kami|chúng tôi|"
    r"síguenos|síganos|escribirnos|escríb[ea]nos|siga-nos|seguici|suscríbete|iscriviti|inscreva-se|abonnez-vous)\b"
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
    folded = f"{line.lower()} "
    if not any(map(folded.__contains__, _MEDIA)) or _QUOTED.search(line):
        return False
    return _ASKED.search(line) is not None and _OURS.search(line) is not None

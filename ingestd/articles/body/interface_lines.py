"""Lines of a page's interface, in many languages: clocks, notices in place of embedded content, and paywalls.

Each pattern describes a whole line, so that a sentence of the story with the same words does not match.
"""

import re
from functools import lru_cache

from ingestd.dates import relative
from ingestd.text import has_ascii_letters, latin_length

#: A longer line is a sentence of the story; a notice about embedded content is up to the second length.
_MAX_CLOCK = 60
_MAX_WALL = 220
_MAX_CONSENT = 700
_MAX_PLAYER = 160

# What CLDR does not have: "just now", and other words for the past than its own.
_AGO = (
    r"(?:\d{1,3}|an?)\s*(?:secs?|mins?|hrs?)\.?\s+ago|منذ\s+\d{1,3}\s+\w+|\d{1,3}\s+(?:minutit|tundi|päeva)\s+tagasi"
    r"|\d{1,3}\s+(?:minuter|timmar|dagar)\s+sen|\d{1,3}\s+(?:minutt?er|timer|dager|dage)\s+siden"
    r"|(?:för|for)\s+\d{1,3}\s*(?:min|tim?|h|d)\.?\s+(?:sedan|siden)|\d{1,3}\s?(?:mins?|hrs?|std|stdn|saat|dk|мин|хв|ч)\.?|\d{1,3}\s*(?:分間|分钟|分鐘)\s*前"
    r"|just now|gerade eben|à l['’]instant|ahora mismo|agora mesmo|adesso|zojuist|nyss|juuri nyt|przed chwilą|"
    r"только что|щойно|az önce|刚刚|剛剛|たった今|방금(?: 전)?|الآن"
)
_CLOCK = (
    r"klo?\.?\s*(?:[01]?\d|2[0-4])[.:][0-5]\d|(?:[01]?\d|2[0-4])\s*(?:[:.h]|時|点|시)\s*[0-5]\d(?:\s*(?:分|분))?(?:\s*(?:uhr|kl|[ap]\.?m\.?|[A-Z]{3,4}))?"
    r"|(?:[01]?\d|2[0-4])\s*(?:uhr|h)"
)
_LABEL = (
    r"(?:(?:last |zuletzt )?(?:updated|aktualisiert|stand|mis à jour|mise à jour|actualizado|atualizado|"
    r"aggiornato|bijgewerkt|"
    r"uppdaterad|opdateret|oppdatert|päivitetty|aktualizacja|aktualizováno|обновлено|оновлено|güncelleme|更新|업데이트|수정)"
    r"\s*(?:um|at|à|a las|às|alle|om|kl\.?)?\s*[:：]?\s*)"
)
_DAY = r"(?:\d{1,2}\.\s*(?:\d{1,2}\.|[^\W\d]+)\s*\d{4}|\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d\d-\d\d)[,\s]*"
_CLOCK_LINE = re.compile(
    rf"\W*(?:{_LABEL}?(?:{_AGO})|{_LABEL}(?:{_DAY})?(?:{_CLOCK})|{_LABEL}{_DAY}|(?:{_CLOCK})"
    # The time of a player.
    rf"|\d{{1,2}}:\d\d(?::\d\d)?(?:\s*/\s*-?\d{{1,2}}:\d\d(?::\d\d)?)+)\W*",
    re.IGNORECASE,
)

# What a notice in place of embedded content speaks of, and what it asks for; it has words of both kinds.
_EMBEDDED = re.compile(
    r"(?:this|external|embedded|the) (?:content|video|post|tweet|element|media|embed|map)|content (?:provided|"
    r"hosted) by|"
    r"(?:diese[rnsm]?|externe[rn]?|eingebettete[rn]?) (?:inhalte?|element|video|beitrag|post|karte)|"
    r"(?:ce|cette|le) (?:contenu|vidéo|média|publication)|contenu externe|(?:este|el|esta) (?:contenido|vídeo|"
    r"publicación)|"
    r"(?:este|o) (?:conteúdo|vídeo)|(?:questo|il) (?:contenuto|video)|(?:deze|externe) (?:inhoud|video)|"
    r"dit (?:bericht|element)|"
    r"(?:detta|det här|dette|externt|eksternt) (?:innehåll\w*|innhold\w*|indhold\w*)|innehållet|innholdet|indholdet|"
    r"tä(?:mä|män|tä) sisäl\w+|(?:ta|tę|tej|te) treś\w+|(?:tento|externí) obsah|(?:этот|этого|внешний) контент\w*|"
    r"(?:このコンテンツ|この動画|外部コンテンツ)|(?:此|该|外部)(?:内容|視頻|视频)|(?:이|외부) 콘텐츠|"
    r"هذا المحتوى|bu içeri\w+|αυτό το περιεχόμενο|"
    r"(?:content from|inhalten? von|contenus? d['’e]|contenido de|conteúdo d[eoa]|contenuto di|inhoud van|"
    r"innehåll från|innhold fra|indhold fra) (?:youtube|facebook|instagram|twitter|tiktok|x\b|google|vimeo|spotify)",
    re.IGNORECASE,
)
#: Names of those whose content is embedded, in all languages.
_PROVIDER_NAMES = (
    "youtube vimeo dailymotion twitch facebook instagram threads twitter tiktok bluesky mastodon telegram linkedin "
    "pinterest reddit spotify soundcloud google datawrapper infogram flourish giphy opinary riddle podigee acast"
).split()
_PROVIDERS = re.compile(rf"\b(?:(?:{'|'.join(_PROVIDER_NAMES)})(?:[aeiouąęuů]\w{{0,3}})?|x)\b", re.IGNORECASE)
_X = re.compile(r"[xX](?<!\w.)(?!\w)")
#: In lower case.
_PRIVACY = (
    "cookie|クッキー|쿠키|çerez|eväste|informasjonskapsl|traceur|tracker|privacy|datenschutz|personenbezogen|"
    "confidentialité|privacidad|privacidade|prywatnoś|soukromí|конфиденциальн|隐私|隱私|プライバシー|개인정보|الخصوصية|"
    "ملفات تعريف|gizlilik|απορρήτου|consent|einwillig|zustimm|consentimiento|consentimento|consenso|toestemming|"
    "samtycke|samtykke|suostumu|zgodę|zgoda|zgodą|zgody|souhlas|согласи|同意|동의|daten von|"
    # Further languages; most have the English word.
    "куки|кукі|бисквитк|kolačić|колачић|piškotk|sütik|hozzájárul|küpsis|nõusolek|sīkdat|sīkfail|piekriš|slapuk|sutikim|"
    "vafrakök|galetes|súhlas|privol|съглас|поверителн|згоду|згоди|конфіденційн|приватност|עוגיות|הסכמ|פרטיות|کوکی|"
    "حریم خصوصی|कुकी|সম্মতি|কুকি|คุกกี้|ยินยอม|ความเป็นส่วนตัว|persetujuan|privasi|đồng ý|quyền riêng tư|συγκατάθεση|gdpr|rgpd|"
    "lgpd|dsgvo"
).split("|")
_ASCII_PRIVACY = tuple(filter(str.isascii, _PRIVACY))
_ASKED = re.compile(
    r"\b(?:you|your|we ask|click|sie|ihre[rn]?|ihnen|klicken|vous|votre|vos|cliquez|cliquant|usted|sus?|"
    r"haga clic|tu|você|seus?|clique|"
    r"clicca|tuo|tue|tuoi|je|jouw|uw|u|klik|du|din|dina|dine|dit|klicka|sinun|voit|napsauta|kliknij|twoj\w+|"
    r"swoj\w+|klikni\w*|"
    r"vaš\w*|вы|ваш\w*|нажмите)\b|ください|您|你|请|하세요|하십시오|주세요|يرجى|اضغط|tıklay|lütfen|σας|κάντε κλικ",
    re.IGNORECASE,
)

_BROWSER = re.compile(
    r"\b(?:your|this|ihr|dein|votre|su|seu|tu|il tuo|deine?n?|je|uw) (?:web ?)?(?:browser|navigateur|navegador)|"
    r"ваш (?:браузер|оглядач)|tarayıcınız|selaimesi|webbläsare stöd|nettleseren din|din browser|din webbläsare|"
    r"twoja przeglądarka|váš prohlížeč|böngésző\w* nem|ブラウザ|浏览器|瀏覽器|브라우저|متصفح|ब्राउज़र|trình duyệt|"
    r"הדפדפן|peramban|πρόγραμμα περιήγησης",
    re.IGNORECASE,
)
#: Each of these has one of these words, in lower case, which are searched for first because it is faster.
_BROWSERS = (
    "browser|navigat|navegador|браузер|оглядач|taray|selaime|webbläsare|nettleser|przegl|prohl|böng|ブラウザ|浏览器|瀏覽器|"
    "브라우저|متصفح|ब्राउज़र|trình|הדפדפן|peramban|πρόγρα"
).split("|")
_PLAYED = re.compile(
    r"video|vidéo|vídeo|audio|html ?5|iframe|flash|javascript|видео|відео|аудио|βίντεο|ビデオ|動画|音声|视频|視頻|影片|"
    r"音频|동영상|비디오|오디오|الفيديو|فيديو|वीडियो|וידאו",
    re.IGNORECASE,
)

_SUBSCRIBERS = (
    r"(?:subscribers?|(?:paid |paying )?members|abonnent(?:en|innen(?: und abonnenten)?|er)?|abonnés|"
    r"suscriptores|assinantes|"
    r"abbonati|abonnees|prenumeranter|abonnenter|tilaajille|prenumeratorów|předplatitele|подписчик\w+|"
    r"передплатник\w+|aboneler\w*)"
)
#: What a reader has to do for the rest of a story, and what for.
_ENTER = (
    r"(?:register|sign (?:up|in)|log ?in|join|create (?:an|a free|your) account|"
    r"(?:jetzt )?(?:kostenlos )?(?:registrieren|anmelden|einloggen)|melden sie sich an|"
    r"(?:inscrivez|connectez|identifiez)-vous|créez un compte|regístr[ae](?:te|se)|inicia sesión|cadastre-se|"
    r"faça login|registe-se|registrati|accedi|meld je aan|registreer(?: je)?|logga in|logg inn|log ind|"
    r"kirjaudu(?: sisään)?|rekisteröidy|zaloguj się|zarejestruj się|přihlaste se)"
)
_AT_ONCE = (
    r"(?:,? (?:now|here|today|free|for free|(?:for|with) .{1,25}|jetzt|kostenlos|gratuitement|gratis|gratuit[ao]|"
    r"ilmaiseksi|za darmo|zdarma),?)?,?"
)
_READ_ON = (
    r"(?:to (?:continue|keep) reading|to read (?:on|more|the (?:full|rest|whole)|this (?:article|story))|"
    r"to unlock (?:the|this)|(?:um |und )?weiter ?(?:zu)?lesen|weiterzulesen|"
    r"pour (?:lire la suite|continuer|poursuivre)|"
    r"para (?:seguir|continuar) (?:a )?(?:leyendo|lendo|ler)|per continuare a leggere|om verder te lezen|"
    r"för att (?:läsa vidare|fortsätta läsa)|for å (?:lese videre|fortsette å lese)|for at læse videre|"
    r"lukeaksesi|jatkaaksesi lukemista|aby (?:czytać dalej|przeczytać cał\w+)|a čtěte dál)"
)
_WALL = re.compile(
    r"\W*(?:"
    rf"(?:this|the full) (?:article|story|content|post) is (?:only )?(?:for|available to|reserved for|"
    rf"exclusive to) (?:our )?(?:paid )?{_SUBSCRIBERS}(?: only)?"
    rf"|(?:please )?{_ENTER}(?: (?:or|oder|ou|o|of) {_ENTER})?{_AT_ONCE} {_READ_ON}.{{0,60}}"
    r"|subscribe (?:now )?(?:for .{1,30} )?to (?:keep|continue|read|unlock)\b.{0,60}|(?:to|"
    r"you must be a subscriber to) (?:continue|keep) reading\b.{0,80}"
    r"|you (?:have|['’]ve) (?:reached|read) (?:your|all) .{0,60}articles?.{0,40}"
    rf"|(?:dieser|der ganze|der vollständige) (?:artikel|beitrag|text) ist (?:nur |exklusiv |"
    rf"ausschließlich )?für (?:unsere )?{_SUBSCRIBERS}.{{0,60}}"
    r"|(?:jetzt )?(?:weiterlesen|testen) (?:mit|sie) .{1,60}(?:abo|plus|\+)\b.{0,40}"
    rf"|(?:il vous reste \d.{{0,12}} de cet article à lire.{{0,80}}|(?:la suite|"
    rf"cet article) est réservée? (?:à nos |aux ){_SUBSCRIBERS}.{{0,60}})"
    rf"|(?:este|esta) (?:artículo|contenido|noticia) es (?:solo|"
    rf"exclusiv[oa]) para (?:nuestros )?{_SUBSCRIBERS}.{{0,60}}|suscríbete para (?:seguir )?leer.{{0,60}}"
    rf"|(?:este|esta) (?:artigo|conteúdo|matéria|reportagem) é exclusiv[oa] para {_SUBSCRIBERS}.{{0,60}}|"
    rf"assine para (?:continuar )?(?:a )?le(?:r|ndo).{{0,60}}"
    rf"|questo (?:articolo|contenuto) è (?:riservato|solo per|disponibile solo per) (?:agli |"
    rf"gli )?{_SUBSCRIBERS}.{{0,60}}|abbonati per continuare.{{0,60}}"
    rf"|dit artikel is (?:alleen |exclusief )?(?:voor|toegankelijk voor) {_SUBSCRIBERS}.{{0,60}}"
    rf"|(?:den här artikeln|artikeln) är (?:bara |endast )?för {_SUBSCRIBERS}.{{0,60}}|denne (?:artikelen|"
    rf"artiklen|saken) er (?:kun )?for {_SUBSCRIBERS}.{{0,60}}"
    rf"|tämä artikkeli on (?:vain )?{_SUBSCRIBERS}.{{0,60}}|(?:ten|"
    rf"dalsza część) artykułu? (?:jest )?(?:dostępn\w+ )?(?:tylko )?dla {_SUBSCRIBERS}.{{0,60}}"
    rf"|tento článek je (?:určen )?(?:pouze |jen )?pro {_SUBSCRIBERS}.{{0,60}}"
    rf"|(?:эта статья|этот материал|материал) доступ\w+ только (?:для )?{_SUBSCRIBERS}.{{0,60}}|"
    rf"ця стаття доступна (?:лише|тільки) (?:для )?{_SUBSCRIBERS}.{{0,60}}"
    rf"|bu (?:haber|yazı|makale) (?:yalnızca|sadece) {_SUBSCRIBERS}.{{0,60}}"
    r"|(?:この記事は|ここから先は)(?:有料)?(?:会員|購読者)(?:限定|の方のみ).{0,60}|(?:残り|あと)\s?[\d,]+\s?文字.{0,40}"
    r"|.{0,40}(?:登録|ログイン|会員|購読).{0,12}(?:続き|全文)[をが].{0,30}"
    # How much is left, in words for an article: "Pozostało 82% artykułu".
    r"|(?=[^%٪]*+[%٪])(?=.*(?:rest|left|remain|pozosta|zbýv|zostáv|verbleib|noch|queda|falta|remas|осталось|осталося|залиш|kald|kalan|jäljell|"
    r"återst|gjenst|marad|rămas|απομέν|还剩|還剩|剩余|剩餘|剩下|残り|남았|남은|متبق|נותר))"
    r"[^.!?。]{0,40}\d{1,2}(?:[.,]\d)?\s?(?:%|٪)[^.!?。]{0,20}(?:articles?|artyku\w+|člán\w+|artikel\w*|artículo|artigo|"
    r"articolo|articol\w*|статьи|материала|статті|матеріалу|cikk\w*|artikk?el\w*|artiklit|haber\w*|άρθρου|"
    r"文章|本文|全文|記事|기사|المقال|הכתבה)[^.!?。]{0,30}"
    r"|(?:この記事は有料(?:会員)?(?:記事|限定)\w*|(?:有料|会員限定)(?:会員限定)?記事\w*).{0,60}"
    rf"|(?:cet|cette) (?:article|contenu|enquête) est réservée? (?:à nos |aux ){_SUBSCRIBERS}.{{0,60}}"
    r"|you(?:['’]ve| have) (?:reached|come to|hit) the (?:end|limit) of your free (?:articles|stories|reads).{0,60}"
    r"|(?:create|register for) (?:a|your) free account (?:or log ?in )?to (?:continue|keep) reading.{0,40}"
    r"|(?:log|sign) ?in (?:or (?:subscribe|register|create an account) )?to (?:continue|keep) reading.{0,60}"
    r"|(?:mit|mit dem|mit der) [\w ]{0,20}(?:\+|plus|abo) (?:weiterlesen|lesen).{0,40}|verder lezen\?.{0,60}"
    r"|(?:läs|les|læs) (?:hela|hele) (?:artikeln|artikkelen|saken|artiklen)(?: som abonnent| med .{1,20})?"
    r"|(?:lue|jatka) (?:koko )?(?:juttu\w*|artikkeli\w*|lukemista) tilaajana.{0,40}"
    r"|(?:keep|continue) reading with .{1,40}|haberin devamı (?:yalnızca |sadece )?abone\w+(?: özel)?.{0,40}"
    r"|a cikk folytatása (?:csak )?előfizetőink\w*.{0,60}"
    r"|(?:이|본) (?:기사|콘텐츠)(?:의 나머지)?는 (?:유료 ?)?(?:구독자|회원|독자)만.{0,40}"
    r"|διαβάστε το υπόλοιπο .{0,40}συνδρομητ\w+.{0,30}|for å lese videre må du .{0,40}(?:abonn\w+|logge inn).{0,30}"
    r"|(?:本文|此文章|本內容|本内容)(?:仅|僅|只)(?:限|供)?(?:付费|付費)?(?:会员|會員|订户|訂戶|订阅者).{0,40}"
    r"|이 기사는 (?:유료 )?(?:구독자|회원) ?(?:전용|만).{0,60}|هذا المقال (?:متاح )?(?:فقط )?للمشتركين.{0,40}"
    r")\W*(?:(?:subscribe|abonnez|jetzt|suscr|assine|iscri)\w*\b.{0,80})?",
    re.IGNORECASE,
)


def is_clock(line: str, *, labelled: bool = False) -> bool:
    """Return whether a line is only a clock or says how long ago: "vor 12 Min.", "14h32", "Stand: 14:30 Uhr".

    `labelled`: also if one or two other words stand before or behind, in any language: "Päivitetty 5 minuuttia sitten".
    """
    if len(line) > _MAX_CLOCK:
        return False
    return _CLOCK_LINE.fullmatch(line) is not None or relative.says_how_long_ago(line, labelled=labelled)


def asks_consent(line: str) -> bool:
    """Return whether a line stands in place of embedded content and asks the reader to agree to load it."""
    return speaks_of_privacy(line) and _EMBEDDED.search(line) is not None and _ASKED.search(line) is not None


@lru_cache(maxsize=512)  # asked when the story is found, and when its lines are looked through
def speaks_of_privacy(line: str) -> bool:
    """Return whether a line is no longer than a notice, and speaks of cookies or consent."""
    if len(line) > _MAX_CONSENT:
        return False
    # Nearly no line has one of these words.  To search for each is thirty times as fast as a pattern of all.
    folded = line.lower()
    return any(map(folded.__contains__, _ASCII_PRIVACY if has_ascii_letters(folded) else _PRIVACY))


def names_embed(text: str) -> bool:
    """Return whether a text names embedded content, or one whose content is embedded."""
    return _EMBEDDED.search(text) is not None or _PROVIDERS.search(text) is not None


def speaks_of_embed(text: str) -> bool:
    """Return whether a text speaks of content as embedded, or of others: "this content", "Inhalte von YouTube"."""
    return _EMBEDDED.search(text) is not None


def names_provider(text: str) -> bool:
    """Return whether a text names one whose content is embedded on pages."""
    # To search for the names one by one is faster, and nearly no text has one.
    folded = text.lower()
    if not any(map(folded.__contains__, _PROVIDER_NAMES)):
        return _X.search(text) is not None
    return _PROVIDERS.search(text) is not None


def is_player_text(line: str) -> bool:
    """Return whether a line stands in place of a player: "Your browser does not support the video element."."""
    if len(line) > _MAX_PLAYER or not any(map(line.lower().__contains__, _BROWSERS)):
        return False
    return _BROWSER.search(line) is not None and _PLAYED.search(line) is not None


@lru_cache(maxsize=64)  # asked when the story is found, when its lines are looked through, and for the record
def is_wall(line: str) -> bool:
    """Return whether a line says that the rest of the story is for subscribers."""
    is_quoted = line.startswith(("“", '"', "«", "„", "「"))
    return not is_quoted and latin_length(line) <= _MAX_WALL and _WALL.fullmatch(line) is not None

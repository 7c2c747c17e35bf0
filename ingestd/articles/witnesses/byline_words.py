"""Words of bylines: labels, conjunctions, desks and roles, degrees and titles, places; rows of data for `bylines`."""

import re

#: Words that begin a byline, and words that do so only before a colon.
BY = re.compile(
    r"^(?:special\s+to\s+(?:the\s+)?[\w' ]{2,30}\s+by|aus\s+[\w-]+(?:\s[\w-]+)?\s+berichte[tn]|"
    r"(?:(?:propos\s+recueillis|recueilli|entretien\s+réalisé|interview|written|reported|reporting|story|words|posted|published|(?:an|ein)\s+\w+|veröffentlicht|geschrieben|"
    r"eingestellt|verfasst|publié|écrit|publicado|escrito)\s+)?(?:by|von|par|por|di|de la|af|av|door)|"
    r"autorin/autor|autor[/*:]in|autor(?:en|es|in|a)?|auteurs?|authors?"
    r"|γράφει(?:\s+[οη])?|รายงานโดย|เขียนโดย|द्वारा|napisała?|text|autore|oleh|בעריכת|מאת|بقلم|كتبت?|लेखक|লেখক|লেখা|প্রতিবেদন|எழுத்தாளர்|ავტორი|Հեղինակ|โดย|του|της|авторы?|журналист|корреспондент"
    r"|(?:reporter|penulis|yazar|yazan|haber|muhabir|texto|texte|testo|tekst|teksti|textos|redactor|"
    r"periodista|redacción"
    r"|jornalista|reportagem|journaliste|рассказал[аи]?|текст|автори?|إعداد|تقرير|تحرير|كتابة|نویسنده|گزارش|"
    r"خبرنگار|συντάκτης"
    r"|írta|szerző|penulis berita|tác giả|foto y texto|texto y fotos)(?=\s*[:：]))"
    r"(?:\s*[:：՝\s]\s*(?=\S)|$)",
    re.IGNORECASE,
)
AND = re.compile(
    r"\s*(?:;|\||/|•|·|،|؛|\s(?:and|AND|und|UND|et|ET|y|Y|e|og|och|en|i|a|with|mit|avec|con|com|med|ve|dan|και|и|та|і|й|oraz|"
    r"és|ja|și|şi|và"
    r"|और|एवं|व|و)\s|&)\s*"
)
#: Arabic attaches "and" to the next name; names that begin with that letter are left whole.
ARABIC_AND = re.compile(
    r"(?<=[\u0620-\u064a]\s)و(?!(?:ليد|ائل|سام|فاء|داد|جدي|حيد|هبة|هيب|سيم|صفي|رد|جيه|ديع|اصف|اكد|فيق|ضاح|لاء)\b)"
    r"(?=[\u0620-\u064a]{2,}\s+[\u0620-\u064a]{2,})"
)
#: So does Hebrew.
HEBREW_AND = re.compile(
    r"(?<=[\u05d0-\u05ea]\s)ו(?!(?:רד|ולדימיר|לדימיר|ולף|יקטור|יקטוריה|יקי|רה|נסה)\b)"
    r"(?=[\u05d0-\u05ea]{2,}\s+[\u05d0-\u05ea]{2,})"
)
#: Words in the names of desks, agencies and roles that do not occur in names of people.
NOT_A_NAME = re.compile(
    r"\b(staff|editors?|editorial|redaktion|redaktionen|rédaction|redacción|redazione|redactie|redação|"
    r"wires?|services?|agency|agencies|posts|"
    r"agentur(en)?|agence|agencia|news|newsroom|desk|team|press|presse|reuters|afp|dpa|apa|ap|ansa|efe|"
    r"bloomberg|correspondent|"
    r"reporter|writer|contributor|columnist|producer|photographer|journalist|admin|author|autor|guest|magazine|online|"
    r"associated|tv|radio|media|network|com|www|inc|ltd|gmbh|company|board|director|professor|senior|chief|"
    r"updated|published|posted|veröffentlicht|aktualisiert|publié|publicado|"
    r"agencias|agências|agenzie|redaksi|redaksjonen|redaktionen|toimitus|redakcja|redakce|ajansı|servisi|merkezi|"
    r"редакция|агентство|служба|отдел|новости|тасс|интерфакс|وكالة|وكالات|قسم|هيئة|الأخبار|غرفة|संवाददाता|डेस्क|ब्यूरो|"
    r"comments?|kommentare?|photo|foto)\b"
    # These end in a sign that is no letter to `re`.
    r"|संवाददाता|ब्यूरो|প্রতিবেদক|সংবাদদাতা|প্রতিনিধি|செய்தியாளர்",
    re.IGNORECASE,
)
#: Roles and unspecific names, which are not a signature by themselves.
UNSPECIFIC = re.compile(
    r"(?:(?:the\s+)?(?:(?:news|wire|press)\s+)?(?:agenc(?:y|ies)|services?|wires?)|agenturen|agences|agencias|"
    r"no author|admin|"
    r"(?:\w+\s+)?(?:correspondent|reporter|writer|contributor|columnist|editor|producer|photographer|journalist|guest))",
    re.IGNORECASE,
)
#: Words before people who worked on a story but did not write it.
NOT_WRITTEN = re.compile(
    r"^(?:edit(?:ed|ing|or|ors|ora|ores|eur)|photo\w*|pictures?|videos?|illustrat\w+|graphics?|translat\w+|produced|"
    r"fact[ -]?check\w*|fotos?"
    r"|bilder|фото\w*|تصوير|foto\w*|redigatur|redakt\w+|redaction|edici\w+|edition|edizione|zdj\w+|перевод\w*|"
    r"редак\w+|видео|quelle|source|sources|fuente|fonte|kaynak|sumber|nguồn|ảnh|источник|kamera|camera|datum|date|"
    r"tags?|themen?|ressort|penyunting|lektor\w*|korekta|korrektur)\b(?:\s*(?:by|von|par|por|di)\b|\s*:)",
    re.IGNORECASE,
)
#: A correspondent's role with its place: "Ana Ruiz, corresponsal en París", "De notre correspondante à Rome Ann Lee".
POSTED = re.compile(
    r",?\s+(?:corresponsal|correspondant|correspondante|correspondente|corrispondente|korrespondent(?:in)?|korrespondentti|"
    r"envoyée?\s+spéciale?|enviad[oa]\s+especial|inviat[oa]|Auslandskorrespondent(?:in)?|собкор|спецкор|корреспондент)\b"
    r"[^,;|/]*",
    re.IGNORECASE,
)
OUR = re.compile(
    r"^(?:de\s+|dal(?:la)?\s+|dai\s+|von\s+)?(?:notre|nos|unser(?:em|er)?|nuestr[oa]|nostr[oa])\s+\w+(?:\s+(?:à|en|in|a)\s+\w+)?\s+",
    re.IGNORECASE,
)
#: An unknown label of one word before a whole name: "Mwandishi: Juma Ali".
LABEL = re.compile(r"^[^\W\d_]{3,15}\s*[:：]\s*(?=[^\W\d_a-z][\w.'’-]*\s[^\W\d_a-z])")
HAS_CASE = re.compile(r"[A-Za-zÀ-ɏЀ-ӿͰ-Ͽ]")
VIETNAMESE = re.compile(r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
#: Degrees and honours behind a name, and academic titles before it.
DEGREES = re.compile(
    r",?\s+(?:M\.?D\.?|Ph\.?\s?D\.?|M\.?A\.?|B\.?A\.?|M\.?Sc\.?|B\.?Sc\.?|MBA|MPH|R\.?[ND]\.?|RDN|M\.?S\.?|D\.?D\.?S\.?|"
    r"D\.?O\.?|J\.?D\.?|Ed\.?D\.?|"
    r"Psy\.?D\.?|DVM|LL\.?[MB]\.?|FRCP|FRS|OBE|CBE|MBE|[KQ]C|C\.?P\.?A\.?|Esq\.?)(?=[\s,;)]|$)"
)
GENERATION = re.compile(r",\s*((?:[JS]r\.?|I{2,3}|IV)(?=[\s,;]|$))")
TITLES = re.compile(
    r"^(?:(?:Dr|Prof|Univ|Priv|Doz|Dipl|Ing|Mag|Lic|Dott|Dra|Drs|med|phil|jur|rer|nat|habil|h\.c|д-р|"
    r"проф)\.[\s-]*|(?:Dr|Prof|"
    r"Professor|Dr\.ssa|Dott\.ssa|الدكتورة?|الدكتور|د\.)\s+)+",
    re.IGNORECASE,
)
#: A time or a button ends a byline.
TIME_BEHIND = re.compile(
    r"(?<=\S)[\s|•·,–-]+(?:(?:last\s+)?(?:updated|published|posted|modified)|aktualisiert|veröffentlicht|"
    r"publié|mis à jour|"
    r"actualizado|publicado|aggiornato|pubblicato|опубликовано|обновлено|share)\b(?=.*(?:\d|facebook|twitter)).*$",
    re.IGNORECASE,
)
#: Each of these has one of these words, in lower case, which are searched for first because it is faster.
TIME_WORDS = (
    "updated|publi|posted|modified|aktualisiert|veröffentlicht|mis à jour|actualizado|aggiornato|pubblicato|"
    "опубликовано|обновлено|share"
).split("|")
#: What others did, behind the writer: "Text: Ann Lee Foto: Bo Ray".
CREDIT_BEHIND = re.compile(
    r"(?<=[^\W\d_])[.,;|\s]+(?:fotos?|photos?|pictures?|bild(?:er)?|foto|video|grafik\w*|graphics?|kuvat?|zdjęcia|"
    r"фото|illustr\w+)"
    r"\s*(?:[:：]|by\b|von\b|par\b|por\b).*$",
    re.IGNORECASE,
)
#: Each of these has one of these words, in lower case.
CREDIT_WORDS = "foto photo picture bild video grafik graphic kuva zdjęcia фото illustr".split()
#: A time before a byline: "Publié le 5 mars 2024 à 10h00, par Ann Lee".
TIME_BEFORE = re.compile(
    r"^(?=.{0,60}\d)(?:[^.!?]|(?<=\d)\.(?=\s?\d)){4,70}?(?:(?<=\d)|(?<= uhr)|(?<= [ap]m)|(?<=\dh))"
    r"[\s,|·•–-]+(?=(?:by|par|por|von|door|di|af|av|oleh|автор:?)\s+(?-i:[^\W\d_a-zß-ÿ]))",
    re.IGNORECASE,
)
#: The words before the name in such a line, of which it has one.
BY_WORDS = tuple(f" {word} " for word in "by par por von door di af av oleh автор автор:".split())
#: Words before the name of a source.
SOURCE = frozenset("theo via selon secondo według laut según".split())
#: Letters that are small to Unicode, and begin names.
GEORGIAN = frozenset(map(chr, range(0x10D0, 0x1100)))
#: Last words of the names of papers: "Hindustan Times".
PAPERS = frozenset(
    "times post tribune herald gazette chronicle journal express daily guardian observer telegraph mirror mail "
    "standard weekly zeitung nachrichten tagblatt anzeiger kurier rundschau".split()
)
#: Places of several words that follow a name; one word behind a full name is a place or an employer anyway.
PLACES = frozenset(
    "new delhi,new york,new york city,los angeles,san francisco,washington dc,washington d.c,hong kong,"
    "tel aviv,abu dhabi,buenos aires,rio de janeiro,são paulo,sao paulo,mexico city,ciudad de méxico,"
    "kuala lumpur,phnom penh,ho chi minh city,cape town,addis ababa,dar es salaam,st petersburg,st. petersburg,"
    "new orleans,las vegas,san diego,salt lake city,panama city,port au prince,port-au-prince,san juan,"
    "san josé,la paz,porto alegre,belo horizonte,el paso,navi mumbai,greater noida,south africa,south korea,"
    "north korea,new zealand,saudi arabia,united states,united kingdom,sri lanka,costa rica,puerto rico,"
    "el salvador,burkina faso,sierra leone,côte d'ivoire,new jersey,new mexico,new hampshire,north carolina,"
    "south carolina,north dakota,south dakota,west virginia,rhode island,british columbia,nova scotia,"
    "new brunswick,new south wales,west bank,gaza city,the hague,den haag,frankfurt am main,frankfurt/main,"
    "san salvador,santo domingo,santiago de chile,la habana,nueva york,los ángeles,nueva delhi,são luís,"
    "tamil nadu,uttar pradesh,andhra pradesh,madhya pradesh,himachal pradesh,west bengal,jammu and kashmir,"
    "нью-йорк,нижний новгород,abu dhabi uae,quezon city,hanoi vietnam,ulan bator,kota kinabalu,johor bahru,"
    "नई दिल्ली,नयी दिल्ली,shah alam,ha noi,hà nội,hồ chí minh".split(",")
)

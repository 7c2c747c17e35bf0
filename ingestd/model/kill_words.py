"""The words by which agencies take a story back, a row for each language or group: data of `kill_phrases`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The words of one language, as expressions without groups."""

    language: str
    #: Words that are a mark in capitals, at the start or the end of a headline.
    marks: str = ""
    #: Phrases that mean nothing else, in any case, if they stand alone or before a colon or a dash.
    formulas: str = ""
    #: What is taken back.  `nouns` name nothing but a wire's story; `others` need a word such as "this" in a note.
    nouns: str = ""
    others: str = ""
    #: "this", "our", "the above".
    this: str = ""
    #: What may stand between a noun and `gone`: "has been", "wird".
    link: str = ""
    #: What happens to it.
    gone: str = ""
    #: Requests of a note that mean nothing else, in any case.
    requests: str = ""
    #: "annule et remplace": this version replaces the earlier ones, which are void.
    replaces: str = ""
    #: Abbreviations, in small letters and without their full stop, which ends no sentence.  Those without a vowel, of
    #: one letter, or with a stop within ("e.g.") need no row.
    abbreviations: str = ""


ROWS = (
    Row(
        language="en",
        marks=r"KILL|WITHDRAWN|WITHDRAWAL|RETRACTED|RETRACTION|ELIMINATION|DISREGARD|ANNULLED|VOIDED",
        formulas=r"(?:bulletin|mandatory|story|advisory|urgent|photo|graphic|video|text) (?:kill"
        r"|elimination|withdrawal)"
        r"|kill (?:notice|advisory|bulletin|mandatory)|(?:withdrawal|retraction) (?:notice|advisory)",
        nouns=r"story|dispatch|bulletin|newsalert|wire item|news item|snap|wire story|news alert",
        others=r"report|item|article|text|copy|alert|flash|headline|version|picture|photo|image|graphic|video",
        this=r"this|our|the (?:above|following|previous|earlier|preceding|below)|above|(?:AP|Reuters"
        r"|AFP|PA|UPI)(?:['’]s)?",
        link=r"(?:is|was|are|has been|have been|had been|must be|should be|being|now|hereby|to be)",
        gone=r"withdrawn|killed|retracted|cancel?led|deleted|annulled|voided|void|spiked|eliminated",
        requests=r"(?:please|editors?,?|pls|must|should) (?:kill|disregard|withdraw|spike)\b"
        r"(?! (?:the )?(?:\d|first|second|third|fourth|last|final|reference|quote|para|graf|sentence|byline|photo))"
        r"|(?:do not|don['’]t|should not|must not) (?:use|publish|run|transmit) (?:this|the above|our) "
        r"(?:story|item|report|article|text|material)"
        r"|disregard (?:this|the above|our|previous|earlier|the previous|the earlier) (?:story|item"
        r"|report|article|alert)"
        r"|(?:withdraws|retracts|kills) (?:this|the|our|its|an earlier|a previous) "
        r"(?:story|item|report|article|dispatch|alert)\b|is hereby withdrawn",
        replaces=r"(?:kills?|cancels|annuls|withdraws|voids) and (?:replaces?|substitutes?|supersedes)"
        r"|(?:replaces?|supersedes) and (?:kills?|cancels|annuls)",
        abbreviations="approx prof gen col gov rep sen rev hon adm ave jan feb aug sept oct dec no vol est etc al incl",
    ),
    Row(
        language="de",
        marks=r"ANNULLIERT|ANNULLIERUNG|STORNO|STORNIERT|STORNIERUNG|ZUR(?:Ü|UE)CKGEZOGEN|GESTRICHEN"
        r"|(?:BITTE )?NICHT (?:MEHR )?VERWENDEN",
        formulas=r"r(?:ü|ue)ckzug (?:einer|der|dieser) (?:eil)?meldung|meldungsr(?:ü|ue)ckzug"
        r"|stornierung der meldung",
        nouns=r"eilmeldung|meldung|blitzmeldung|vorabmeldung|vorausmeldung|agenturmeldung|dpa-meldung|eil",
        others=r"nachricht|text|beitrag|bericht|story|artikel|fassung|bild|foto|grafik",
        this=r"diese[rsn]?|unsere[nr]?|obige[rsn]?|vorige[rsn]?|vorstehende[rsn]?|(?:dpa|afp|apa|epd|kna|reuters)-?",
        link=r"(?:wird|wurde|werden|wurden|ist|sind|bitte|hiermit|worden|muss|komplett|leider)",
        gone=r"zur(?:ü|ue)ckgezogen|annulliert|storniert|gestrichen|widerrufen|gel(?:ö|oe)scht|hinf(?:ä|ae)llig"
        r"|gegenstandslos|ung(?:ü|ue)ltig|nicht (?:mehr )?(?:zu )?verwenden|nicht (?:mehr )?verwenden",
        requests=r"bitte (?:diese |die |unsere |den )?(?:\w+ )?nicht (?:mehr )?(?:verwenden|ver(?:ö"
        r"|oe)ffentlichen|nutzen)"
        r"|zieht (?:diese|die|ihre|seine|hiermit die) (?:\w+ )?(?:eil)?meldung\b.{0,60}?zur(?:ü|ue)ck",
        replaces=r"(?:annulliert|storniert|streicht|widerruft) und ersetzt|ersetzt und (?:annulliert|storniert)",
        abbreviations="evtl bzgl abs art ca etc usw inkl exkl prof ing mio okt dez jan feb aug allg sog geb resp",
    ),
    Row(
        language="fr",
        marks=r"ANNULATION|ANNUL[ÉE]E?S?|ANNULE|RETRAIT|RETIR[ÉE]E?|SUPPRIM[ÉE]E?|NE PAS UTILISER"
        r"|À ANNULER|A ANNULER",
        formulas=r"annulation (?:de|d['’]une) (?:la )?d[ée]p[êe]che|avis d['’]annulation|retrait de d[ée]p[êe]che",
        nouns=r"d[ée]p[êe]che|urgent|papier g[ée]n[ée]ral",
        others=r"article|texte|information|alerte|papier|nouvelle|sujet|photo|image|infographie|vid[ée]o",
        this=r"cet(?:te)?|ce|notre|nos|la pr[ée]sente|(?:l['’]|la |le )?pr[ée]c[ée]dente?|ci-dessus",
        link=r"(?:est|a été|sont|ont été|à|doit être|de l['’]AFP)",
        gone=r"annul[ée]e?s?|retir[ée]e?s?|supprim[ée]e?s?|annuler",
        requests=r"(?:merci de|pri[èe]re de|veuillez) (?:ne (?:pas|plus) (?:utiliser|publier|diffuser|tenir compte)"
        r"|annuler|supprimer|ignorer)|ne pas tenir compte de (?:cette|la|notre) d[ée]p[êe]che",
        replaces=r"annule(?:nt)? et remplace(?:nt)?|remplace et annule",
        abbreviations="mme mlle art env ex réf av boul janv févr avr juil sept oct déc etc vol prof",
    ),
    Row(
        language="es",
        marks=r"RETIRAD[AO]|ANULAD[AO]|ANULACI[ÓO]N|ELIMINAD[AO]|SUPRIMID[AO]|NO UTILIZAR|NO USAR|ANULAR",
        formulas=r"anulaci[óo]n de (?:la |una )?(?:noticia|nota|informaci[óo]n)|aviso de anulaci[óo]n",
        nouns=r"teletipo|despacho|noticia|nota",
        others=r"informaci[óo]n|texto|art[íi]culo|alerta|urgente|cr[óo]nica|foto|fotograf[íi]a|imagen|v[íi]deo",
        this=r"est[ae]|nuestr[ao]|la anterior|el anterior|la presente|dicha",
        link=r"(?:es|está|ha sido|fue|queda|debe ser|han sido)",
        gone=r"retirad[ao]s?|anulad[ao]s?|eliminad[ao]s?|cancelad[ao]s?|suprimid[ao]s?",
        requests=r"(?:por favor,? |rogamos |se ruega |favor de )(?:no (?:utilizar|usar|publicar"
        r"|difundir)|anul\w+|elimin\w+"
        r"|retir\w+|suprim\w+)|(?:retira|anula) (?:la|esta|su) (?:noticia|nota|informaci[óo]n)",
        replaces=r"anula y (?:sustituye|reemplaza)|(?:sustituye|reemplaza) y anula",
        abbreviations="sra srta dra núm pág art av avda aprox etc ej ene abr ago sept oct dic ref lic ing prof",
    ),
    Row(
        language="pt",
        marks=r"RETIRAD[AO]|CANCELAD[AO]|ANULAD[AO]|ANULA[ÇC][ÃA]O|ELIMINAD[AO]|SUPRIMID[AO]"
        r"|N[ÃA]O (?:USAR|UTILIZAR)",
        formulas=r"anula[çc][ãa]o d[aeo] (?:not[íi]cia|nota|despacho)|aviso de (?:anula[çc][ãa]o|cancelamento)",
        nouns=r"despacho|not[íi]cia|nota",
        others=r"mat[ée]ria|informa[çc][ãa]o|texto|artigo|alerta|reportagem|foto|imagem|v[íi]deo",
        this=r"est[ae]|ess[ae]|noss[ao]|a anterior|o anterior",
        link=r"(?:é|está|foi|fica|deve ser|foram)",
        gone=r"retirad[ao]s?|anulad[ao]s?|eliminad[ao]s?|cancelad[ao]s?|suprimid[ao]s?",
        requests=r"(?:por favor,? |favor |pedimos (?:que )?)(?:n[ãa]o (?:us\w+|utiliz\w+|publi\w+)"
        r"|anul\w+|desconsider\w+)"
        r"|desconsider(?:ar|em|e) (?:est?a|a) (?:mat[ée]ria|nota|not[íi]cia)",
        replaces=r"anula e substitui|substitui e anula",
        abbreviations="sra dra núm pág art av aprox etc ex jan fev abr ago set out dez prof eng ref",
    ),
    Row(
        language="it",
        marks=r"ANNULLAT[AO]|ANNULLAMENTO|ANNULLARE|RITIRAT[AO]|CANCELLAT[AO]|NON UTILIZZARE|DA NON UTILIZZARE",
        formulas=r"annullamento (?:di )?(?:notizia|lancio|dispaccio)|avviso di annullamento",
        nouns=r"dispaccio|notizia|flash",
        others=r"lancio|testo|articolo|servizio|urgente|foto|immagine|video",
        this=r"quest[ao]|nostr[ao]|la precedente|il precedente|la presente",
        link=r"(?:è|è stat[ao]|va|viene|deve essere|sono|da|da non)",
        gone=r"annullat[aoei]|ritirat[aoei]|cancellat[aoei]|annullare|non utilizzare",
        requests=r"(?:si prega di|siete pregati di|pregasi) (?:non (?:utilizzare|pubblicare"
        r"|tener\w* conto)|annullare|ignorare)"
        r"|annullare (?:la|il) (?:notizia|lancio|dispaccio|precedente)",
        replaces=r"annulla e sostituisce|sostituisce e annulla",
        abbreviations="sig dott ing avv prof on art ecc es pag gen apr mag giu ago sett ott dic rif",
    ),
    Row(
        language="nl",
        marks=r"INGETROKKEN|VERVALLEN|GEANNULEERD|ANNULERING|NIET GEBRUIKEN",
        formulas=r"intrekking (?:van )?(?:een )?bericht",
        nouns=r"bericht|persbericht|spoedbericht",
        others=r"artikel|tekst|nieuws|verhaal|foto|beeld|video",
        this=r"dit|deze|ons|onze|bovenstaand|het (?:eerdere|vorige)",
        link=r"(?:is|wordt|werd|zijn|is hierbij)",
        gone=r"ingetrokken|vervallen|geannuleerd|teruggetrokken",
        requests=r"(?:gelieve|s\.?v\.?p\.?|verzoeke|graag) (?:dit bericht "
        r"|deze tekst )?niet (?:meer )?(?:te )?(?:gebruiken|publiceren)",
        replaces=r"vervangt en annuleert|annuleert en vervangt",
        abbreviations="bijv enz ca incl excl evt resp mevr art prof jan feb apr aug sept okt dec",
    ),
    Row(
        language="sv da nb fi",
        marks=r"[ÅA]TERKALLA[SD]|INDRAGEN|INDRAGET|DRAS TILLBAKA|TRUKKET(?: TILBAGE| TILBAKE)?|TREKKES(?: TILBAKE)?"
        r"|TR[ÆA]KKES(?: TILBAGE)?|UDG[ÅA]R|UTG[ÅA]R|PERUTTU|PERUUTUS|PERUTAAN|POISTETTU",
        nouns=r"telegram(?:met)?|telegrammet|notis(?:en)?|nyhedstelegram(?:met)?|melding(?:en)?|uutinen|pikauutinen",
        others=r"text(?:en)?|artikel(?:n|en)?|sak(?:en)?|historie(?:n)?|juttu|artikkeli",
        this=r"denn[ae]|dette|den|vår|vores|tämä",
        link=r"(?:är|er|har|blev|ble|har blivit|er blevet|er blitt|on|on nyt|bliver)",
        gone=r"[åa]terkalla[sd]|dras tillbaka|indrage[nt]|utg[åa]r|udg[åa]r|trukket(?: tilbage| tilbake)?"
        r"|trekkes(?: tilbake)?|tr[æa]kkes(?: tilbage)?|peruttu|perutaan|poistettu|vedetty pois",
        abbreviations="osv ca kap evt inkl resp prof jan feb apr aug okt esim puh os jne nro",
    ),
    Row(
        language="pl cs sk hu ro hr tr el",
        marks=r"WYCOFAN[AEYO]|ANULOWAN[AEYO]|ANULACJA|STAŽEN[OAÝ]|ZRUŠEN[OAÝ]|VISSZAVONVA|TÖRÖLVE"
        r"|ANULAT[ĂA]?|RETRAS[ĂA]?"
        r"|POVUČEN[OA]|İPTAL|GERİ ÇEKİLDİ|ΑΚΥΡΩΣΗ|ΑΝΑΚΛΗΣΗ",
        formulas=r"anulowanie depeszy|haber iptali|iptal haber|ακύρωση είδησης|ανάκληση είδησης",
        nouns=r"depesza|zpráva|správa|haber|știrea|hír|vijest",
        gone=r"wycofana|anulowana|stažena|zrušena|neplatná|anulována|stiahnutá|zrušená|visszavonva|törölve|anulată"
        r"|retrasă|povučena|iptal edil\w+|iptal|geri çekil\w+",
        link=r"(?:została|jest|byla|je|bola|a fost|este|van|edilmiştir)",
        replaces=r"anuluje i zastępuje|ruší a nahrazuje|iptal eder ve yerine geçer",
        abbreviations="ul prof inż im itd al tel godz art např apod atd kb örn doç av αρ τηλ σελ κα",
    ),
    Row(
        language="ru uk bg sr",
        marks=r"АННУЛИРОВАНО|АННУЛИРУЕТСЯ|АННУЛИРОВАНИЕ|ОТОЗВАНО|АНУЛЬОВАНО|ВІДКЛИКАНО|АНУЛИРАНО|ПОВУЧЕНО",
        formulas=r"аннулирование сообщения|отзыв сообщения|анулювання повідомлення",
        nouns=r"сообщение|новость|молния|заметка|повідомлення|новина|съобщението",
        others=r"информация|текст|материал|статья",
        this=r"это|эта|данное|данная|наше|наша|предыдущее|це|ця",
        link=r"(?:было|была|просим|считать|было|є)",
        gone=r"аннулирован[оаы]?|аннулируется|аннулировать|отозван[оаы]?|снят[оаы]? с ленты"
        r"|анульован[оаы]|відкликан[оа]"
        r"|анулира(?:но|на|но е)|недействительным",
        requests=r"просим (?:не использовать|аннулировать|считать\b.{0,40}?(?:недействительн|аннулирован)\w*)",
        replaces=r"аннулирует и заменяет|заменяет и аннулирует",
        abbreviations="им ул тел проф руб тыс просп обл акад доц изд рис вул янв фев апр авг окт дек",
    ),
    Row(
        language="zh ja ko ar he fa",
        formulas=r"撤稿(?:通知|公告)?|稿件(?:撤销|撤銷|撤回|作废|作廢)|撤销(?:此|该)?稿|撤銷(?:此|該)?稿|(?:此|该|該)稿(?:已)?(?:撤销|撤銷|作废|作廢|取消)"
        r"|記事(?:の)?取り?消し|記事を?取り?消し(?:ます|ました)?|記事(?:を)?削除(?:します|しました)?|全文取り?消し|出稿取り?消し"
        r"|(?:전문|기사|속보|긴급)\s?(?:를\s?|을\s?)?(?:취소|철회|삭제)(?:합니다)?"
        r"|(?:إلغاء|سحب) (?:ال)?(?:خبر|برقية)|(?:يلغى|ألغي|سحب|تم سحب|تم إلغاء) (?:هذا )?(?:الخبر"
        r"|البرقية)|הידיעה (?:בוטלה|נמשכה)",
        replaces=r"撤销并替换|差し?替え(?:・|、)?取り?消し|대체\s?취소",
    ),
)  # fmt: skip

#: A text without any of these, in lower case, takes nothing back: this check is much cheaper than the expressions.
HINTS = (
    "kill", "withdraw", "retract", "disregard", "annul", "anul", "void", "cancel", "spik", "elimin", "delet", "storn",
    "zurück", "zurueck", "streich", "gestrich", "verwend", "widerruf", "hinf", "ungült", "gegenstandslos", "meldung",
    "retir", "ritir", "retrait", "supprim", "suprim", "desconsider", "utili", "do not", "ne pas", "non util", "usar",
    "ingetrok", "vervallen", "intrekking", "niet ", "återkal", "aterkal", "indrag", "tillbaka", "trukket", "trekkes",
    "trækkes", "traekkes", "udgår", "utgår", "perut", "peruut", "poistett", "vedetty", "wycofan", "stažen", "zrušen",
    "neplatn", "stiahnut", "visszavon", "töröl", "retras", "povučen", "iptal", "i̇ptal", "geri ", "ακύρωσ", "ακυρωσ",
    "ανάκλησ", "ανακλησ", "аннулир", "отозв", "отзыв", "снят", "анул", "відклик", "недейств", "повуч", "撤", "稿", "取",
    "記事", "취소", "철회", "삭제", "إلغاء", "ألغي", "يلغى", "سحب", "הידיעה", "대체", "ruší",
    "geri\u0307 ", "udgar", "utgar", "trakkes", "teruggetrok", "don't", "don’t", "should not", "must not",
    "veröffentlich", "veroeffentlich", "nutzen", "gelöscht", "geloescht", "ungueltig", "ne plus", "ignor",
    "no publicar", "difundir", "não publi", "nao publi", "não us", "nao us", "pubblicare", "non tener", "использ",
)  # fmt: skip

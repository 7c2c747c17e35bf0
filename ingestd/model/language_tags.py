"""Language tags (BCP 47) from what documents state: codes of ISO 639, names, locales, codes of countries."""

import re

from ingestd.caching import cached_if_short

#: Languages of ISO 639-1, and those of CLDR that have three letters alone.
_LANGUAGES = frozenset(
    (
        "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee "
        "el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io "
        "is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn "
        "mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se "
        "sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt ty ug uk ur uz ve vi vo wa "
        "wo xh yi yo za zh zu ace ach ada ady aeb afh agq ain akk akz ale aln alt ang ann anp arc arn aro arp arq "
        "ars arw ary arz asa ase ast atj avk awa bal ban bar bas bax bbc bbj bej bem bew bez bfd bfq bgc bgn bho "
        "bik bin bjn bkm bla blo blt bpy bqi bra brh brx bss bua bug bum byn byv cad car cay cch ccp ceb cgg chb "
        "chg chk chm chn cho chp chr chy cic ckb clc cop cps crg crh crj crk crl crm crr crs csb csw dak dar dav "
        "del den dgr din dje doi dsb dtp dua dum dyo dyu dzg ebu efi egl egy eka elx enm esu ewo ext fan fat fil "
        "fit fon frc frm fro frp frr frs fur gaa gag gan gay gba gbz gez gil glk gmh goh gon gor got grb grc gsw "
        "guc gur guz gwi hai hak haw hax hif hil hit hmn hnj hsb hsn hup hur iba ibb ikt ilo inh izh jam jbo jgo "
        "jmc jpr jrb jut kaa kab kac kaj kam kaw kbd kbl kcg kde kea ken kfo kgp kha kho khq khw kiu kkj kln kmb "
        "koi kok kos kpe krc kri krj krl kru ksb ksf ksh kum kut kwk kxv lad lag lah lam lez lfn lij lil liv lkt "
        "lmo lol lou loz lrc lsm ltg lua lui lun luo lus luy lzh lzz mad maf mag mai mak man mas mde mdf mdr men "
        "mer mfe mga mgh mgo mic min mnc mni moe moh mos mrj mua mus mwl mwr mwv mye myv mzn nan nap naq nds new "
        "nia niu njo nmg nnh nog non nov nqo nso nus nwc nym nyn nyo nzi ojb ojc ojs ojw oka osa ota pag pal pam "
        "pap pau pcd pcm pdc pdt peo pfl phn pis pms pnt pon pqm prg pro quc qug raj rap rar rgn rhg rif rof rom "
        "rtm rue rug rup rwk sad sah sam saq sas sat saz sba sbp scn sco sdc sdh see seh sei sel ses sga sgs shi "
        "shn shu sid slh sli sly sma smj smn sms snk sog srn srr ssy stq str suk sus sux swb syc syr szl tce tcy "
        "tem teo ter tet tgx tht tig tiv tkl tkr tlh tli tly tmh tog tok tpi tru trv trw tsd tsi ttm ttt tum tvl "
        "twq tyv tzm udm uga umb vai vec vep vls vmf vmw vot vro vun wae wal war was wbp wuu xal xmf xnr xog yao "
        "yap yav ybb yrl yue zap zbl zea zen zgh zun zza "
    ).split()
)
#: Codes of ISO 639-2 and 639-3 of languages and their standard variants → code of ISO 639-1.
_LONG = dict(
    pair.split(":")
    for pair in (
        "aar:aa abk:ab adp:dz afr:af aka:ak alb:sq als:sq amh:am ara:ar arb:ar arg:an arm:hy asm:as ava:av ave:ae "
        "aym:ay ayr:ay aze:az azj:az bak:ba bam:bm baq:eu bel:be ben:bn bis:bi bod:bo bos:bs bre:br bul:bg bur:my "
        "cat:ca ces:cs cha:ch che:ce chi:zh chu:cu chv:cv cls:sa cmn:zh cor:kw cos:co cre:cr cwd:cr cym:cy cze:cs "
        "dan:da deu:de div:dv drh:mn dut:nl dzo:dz ekk:et ell:el eng:en epo:eo esk:ik est:et eus:eu ewe:ee fao:fo "
        "fas:fa fat:ak fij:fj fin:fi fra:fr fre:fr fry:fy fuc:ff ful:ff gaz:om geo:ka ger:de gla:gd gle:ga glg:gl "
        "glv:gv gre:el grn:gn gug:gn guj:gu hat:ht hau:ha heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu hye:hy ibo:ig "
        "ice:is ido:io iii:ii ike:iu iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja kal:kl kan:kn "
        "kas:ks kat:ka kau:kr kaz:kk khk:mn khm:km kik:ki kin:rw kir:ky kmr:ku knc:kr kng:kg kom:kv kon:kg kor:ko "
        "kpv:kv kua:kj kur:ku lao:lo lat:la lav:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg lvs:lv mac:mk mah:mh "
        "mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt mol:ro mon:mn mri:mi msa:ms mya:my nau:na nav:nv nbl:nr "
        "nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no npi:ne nya:ny oci:oc ojg:oj oji:oj ori:or orm:om ory:or "
        "oss:os pan:pa pbu:ps per:fa pes:fa pli:pi plt:mg pol:pl por:pt prp:gu pus:ps que:qu quz:qu roh:rm ron:ro "
        "rum:ro run:rn rus:ru sag:sg san:sa scc:sr scr:hr sin:si slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd "
        "som:so sot:st spa:es sqi:sq src:sc srd:sc srp:sr ssw:ss sun:su swa:sw swe:sv swh:sw tah:ty tam:ta tat:tt "
        "tel:te tgk:tg tha:th tib:bo tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr twi:ak uig:ug ukr:uk urd:ur uzb:uz "
        "uzn:uz ven:ve vie:vi vol:vo wel:cy wln:wa wol:wo xho:xh ydd:yi yid:yi yor:yo zha:za zho:zh zsm:ms zul:zu "
        "zyb:za "
    ).split()
)
#: Names in English and in the language itself.
_NAMES = dict(
    pair.split(":")
    for pair in (
        "albanian:sq amharic:am arabic:ar armenian:hy azerbaijani:az azərbaycan:az bangla:bn basque:eu "
        "belarusian:be bengali:bn bosanski:bs bosnian:bs brazilian:pt bulgarian:bg castellano:es catalan:ca "
        "català:ca chinese:zh croatian:hr cymraeg:cy czech:cs danish:da dansk:da deutsch:de dutch:nl eesti:et "
        "english:en espanol:es español:es estonian:et euskara:eu farsi:fa filipino:fil finnish:fi francais:fr "
        "français:fr french:fr gaeilge:ga galego:gl galician:gl georgian:ka german:de greek:el gujarati:gu "
        "hebrew:he hindi:hi hrvatski:hr hungarian:hu icelandic:is indonesia:id indonesian:id irish:ga italian:it "
        "italiano:it japanese:ja kannada:kn kazakh:kk kiswahili:sw korean:ko latvian:lv latviešu:lv lietuvių:lt "
        "lithuanian:lt macedonian:mk magyar:hu malay:ms malayalam:ml mandarin:zh marathi:mr melayu:ms nederlands:nl "
        "nepali:ne norsk:no norwegian:no o‘zbek:uz persian:fa polish:pl polski:pl portugues:pt portuguese:pt "
        "português:pt punjabi:pa romanian:ro română:ro russian:ru serbian:sr shqip:sq sinhala:si slovak:sk "
        "slovenian:sl slovenčina:sk slovenščina:sl spanish:es suomi:fi svenska:sv swahili:sw swedish:sv tagalog:fil "
        "tamil:ta telugu:te thai:th turkish:tr türkçe:tr ukrainian:uk urdu:ur uzbek:uz vietnamese:vi welsh:cy "
        "íslenska:is čeština:cs ελληνικά:el беларуская:be български:bg македонски:mk русский:ru српски:sr "
        "українська:uk հայերեն:hy עברית:he اردو:ur العربية:ar فارسی:fa नेपाली:ne मराठी:mr हिन्दी:hi বাংলা:bn "
        "ਪੰਜਾਬੀ:pa ગુજરાતી:gu தமிழ்:ta తెలుగు:te ಕನ್ನಡ:kn മലയാളം:ml සිංහල:si ไทย:th ქართული:ka አማርኛ:am 中文:zh 日本語:ja "
        "한국어:ko "
    ).split()
)
_REGIONS = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW "
        "BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI "
        "FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN "
        "IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME "
        "MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF "
        "PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
        "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK "
        "YE YT ZA ZM ZW "
    ).split()
)
_SCRIPTS = frozenset(
    "Latn Cyrl Arab Hans Hant Hani Hebr Grek Deva Beng Guru Gujr Taml Telu Knda Mlym Sinh Thai Laoo Khmr Mymr Ethi "
    "Geor Armn Jpan Hira Kana Kore Hang Mong Tibt Tfng Thaa Cans Cher Olck Orya".split()
)
#: Codes that were withdrawn (IANA's registry), and codes of countries that stand for their language.  Among these are
#: three that are codes of languages without papers online: kr (Kanuri), tw (Twi) and ee (Ewe).
_OTHERS = {
    "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro", "sh": "sr-Latn",
    "kr": "ko", "jp": "ja", "cn": "zh", "tw": "zh-TW", "hk": "zh-HK", "ee": "et", "ua": "uk", "cz": "cs", "dk": "da",
    "gr": "el", "vn": "vi", "us": "en-US", "gb": "en-GB", "au": "en-AU", "nz": "en-NZ", "at": "de-AT", "mx": "es-MX",
    "ir": "fa", "il": "he", "by": "be", "kz": "kk", "rs": "sr", "md": "ro", "np": "ne", "bd": "bn", "pk": "ur",
    "eg": "ar-EG", "ae": "ar-AE", "jo": "ar-JO", "iq": "ar-IQ", "cl": "es-CL", "pe": "es-PE", "ve": "es-VE",
    "uy": "es-UY", "py": "es-PY", "ec": "es-EC", "me": "sr-ME", "ge": "ka",
}  # fmt: skip
_END = re.compile(r"[\s.,;@/(]")


@cached_if_short(1024)  # documents state few languages, and each in many items
def language_tag(claim: str | None) -> str | None:
    """Return the language that a document states as a tag: "eng" is "en", "zh_TW" "zh-TW", "english" "en", "jp" "ja".

    The tag has the language, its script and its region.  None: the claim names no language, as "utf" and "x-default".
    """
    first, *rest = re.split(r"[-_]+", _END.split((claim or "").strip(), maxsplit=1)[0])
    language = _language(first.lower())
    if language is None:
        return None
    language, *own = language.split("-")
    script = next((part.title() for part in rest[:2] if part.title() in _SCRIPTS), None)
    region = next((found for part in rest if (found := _region(part.upper(), language))), None)
    if rest and rest[0].lower() == "yue" and language == "zh":
        language = "yue"
    script = script or next((part for part in own if len(part) == 4), None)
    region = region or next((part for part in own if len(part) == 2), None)
    return "-".join(filter(None, (language, script, region)))


def _language(name: str) -> str | None:
    if name in _OTHERS:
        return _OTHERS[name]
    return name if name in _LANGUAGES else _LONG.get(name) or _NAMES.get(name)


def _region(name: str, language: str) -> str | None:
    if name == "UK":
        return "GB"
    if name == "LA" and language == "es":  # Latin America; Laos has no Spanish papers
        return "419"
    return name if name in _REGIONS or re.fullmatch(r"\d{3}", name) else None

"""Cues that a text cites a news agency: the words right before and right after the agency's name."""

import re

_NOUNS = (
    r"news\s?agency|newswire|wire service|agences?(?: de presse)?|agencia(?: de noticias)?|agenzia(?: di stampa)?"
    r"|(?:nachrichten-?|presse)?agentur|agência(?: de notícias)?|persbureau|nieuwsagentschap|nyhetsbyrå(?:n|et)?"
    r"|nyhedsbureau(?:et)?|uutistoimisto|agencj[aięi]|agentur[ay]|kantor berita|haber ajansı|агентств\w+|وكالة"
)
#: By language: words that stand right before a name, with or without an article between them.
_LEADS = {
    "en": "told tells citing quoting|according to",
    "de": "laut gemäß gegenüber sagte sagten erklärte berichtet berichtete berichten meldet meldete melden|angaben von",
    "fr": "selon rapporte d['’]après|auprès de|déclaré à|indiqué à|dit à|confirmé à|affirmé à|cité par|citée par",
    "es": "según informó informa|dijo a|dijeron a|declaró a|citado por|citada por|declaraciones a",
    "it": "secondo riporta riferisce",
    "pt": "segundo|de acordo com|disse à|disseram à|afirmou à",
    "nl": "volgens meldt meldde tegen aan",
    "scandinavian": "ifølge skriver til enligt till rapporterar",
    "pl": "według podaje podała|informacji",
    "id": "menurut dilaporkan dilansir kepada|dikutip dari",
}
#: English "to" and "by" alone prove nothing ("he went to Reuters"); after one of these words they show a citation.
_SAID_TO = (
    "said say says saying spoke speaks speaking talked talking wrote confirmed confirms confirming denied admitted "
    "explained stated declared disclosed revealed described comment(?:s|ed)? statement remarks interview "
    "e-?mail(?:s|ed)? letter message"
).replace(" ", "|")
_SEEN_BY = (
    "reported reporting reports? quoted cited obtained seen reviewed viewed verified authenticated interviewed "
    "contacted asked data compiled calculated published released carried poll polled survey surveyed tally count "
    "analysis investigation"
).replace(" ", "|")
#: Words that may stand before that "to" or "by": "said briefly on Monday to", "comment on the fare to".
_BETWEEN = (
    r"(?:\s+sent)?(?:\s+\w+ly)?(?:\s+(?:(?:on|about)\s+(?:the\s+)?\w+|\w+day))?"
    r"(?:\s+(?:morning|afternoon|evening|night))?"
)
_REPORTS = {
    "en": "reports reported reporting cites cited quotes quoted learned adds added",
    "de": "berichtet berichtete meldet meldete zitiert zitierte zufolge",
    "fr": "rapporte rapporté rapportait indique indiqué précise",
    "es": "informó informa reportó señaló",
    "it": "riporta riferisce",
    "pt": "informou noticiou",
    "nl": "meldt meldde bericht",
    "scandinavian": "skriver melder rapporterar uppger",
    "fi": "mukaan kertoo",
    "pl": "podaje podała poinformowała",
    "id": "melaporkan",
    "tr": "bildirdi",
}
#: Verbs whose subject may also be a person.
_SAYS = {
    "en": r"says said writes wrote notes noted contributed correspondents? journalists? reporters? photographers?"
    r"|(?:did|does|could|would)(?:\s?n[o’']t|\snot)",
    "de": "sagte schreibt schrieb",
    "es": "dijo contribuyó",
    "fr": "contribué",
    "it": "scrive",
    "pt": "disse",
    "scandinavian": "sier säger",
    "nl": "zegt",
}


def _any_of(phrases: dict[str, str]) -> str:
    """Return a pattern for the words, separated by spaces, and the phrases after them, separated by bars."""
    words, *rest = zip(*(line.partition("|")[::2] for line in phrases.values()), strict=True)
    return "|".join([*" ".join(words).split(), *filter(None, rest[0])])


_AUXILIARY = r"\s+(?:news agency\s+)?(?:(?:has|have|had|a|hat|ha)\s+)?"
#: Between a word of `_LEADS` and the name: a space and optionally an article, elided in French and Italian.
_ARTICLE = r"\s+(?:(?:the|der|die|dem|den|la|le|les|à|al|a|el|o|de|da|het|en)\s+|l['’])?"
#: The word for an agency right before its name, or right after it.
NOUN_BEFORE = re.compile(rf"\b(?:{_NOUNS})\s+(?:the\s+)?[\"“„]?$", re.IGNORECASE)
NOUN_AFTER = re.compile(rf"\s+(?:{_NOUNS})\b", re.IGNORECASE)
#: Words that make the name after them a source: "according to the", "selon l'".
LEADS = re.compile(rf"\b(?:(?:{_any_of(_LEADS)}){_ARTICLE}|à\s+l['’]|(?:all|dall)['’])$", re.IGNORECASE)
#: English phrases that end in "to" or "by" and make the name after them a source.
SAID_TO = re.compile(
    rf"\b(?:(?:{_SAID_TO}){_BETWEEN}\s+to|(?:{_SEEN_BY}){_BETWEEN}\s+by)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
#: What follows a name that is only part of a longer one: "seen by Reuters Plaza".  A weekday does not continue a name.
NAME_CONTINUES = re.compile(r"\s+(?!News\b|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b)[A-Z]")
#: The unambiguous ones among `LEADS`, for a name that is also a surname: "told Bloomberg" may be about a person.
LEADS_OF_SURNAMES = re.compile(
    r"\b(?:according to|reported by|citing|quoting|laut|selon|según|secondo|segundo|volgens|ifølge|enligt|według)"
    rf"{_ARTICLE}$",
    re.IGNORECASE,
)
#: German puts a full name in the dative: "sagte sie am Montag der Deutschen Presse-Agentur".
DATIVE = re.compile(r"\bder\s$")
#: Verbs whose subject is a source; and the same with verbs whose subject may be a person.
REPORTS = re.compile(rf"{_AUXILIARY}(?:{_any_of(_REPORTS)})\b")
SAYS_OR_REPORTS = re.compile(
    rf"{_AUXILIARY}(?:{_any_of(_REPORTS)}|{_any_of(_SAYS)})(?!\w)|[’']s\s+(?:\w+\s+)?(?:correspondent|reporter|journalist|bureau)"
)
#: The English article right before a name.
ARTICLE = re.compile(r"\b[Tt]he\s$")

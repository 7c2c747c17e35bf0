"""Dateline of a news story: place, day and agency, printed before its first sentence.

The forms are those of the AP and Reuters stylebooks, and those that other agencies print:
"PYONGYANG, June 24 (AP) —", "BERLIN (dpa) -", "(Newser) –", "WASHINGTON —", "(ANSA) - ROMA, 24 GIU -",
"МОСКВА, 24 июня. /ТАСС/.", "新华社北京6月24日电", "【東京共同】".
"""

import re

_DASH = r"(?:\s*[–—―]\s*|\s+--?\s+|\s*--\s*)"
_PARENTHESIS = r"\((?=[^()]*[^\W\d])[^()]{2,60}\)"
_AGENCIES = (
    "AP|AFP|dpa|APA|ANSA|AAP|ANI|AA|ANP|Belga|Bloomberg|CNA|CP|dts|dapd|EFE|epd|Europa Press|IANS|KCNA|KNA|Kyodo|"
    "Lusa|NTB|NTM|PA|PAP|PTI|Reuters|Ritzau|sda|sid|STT|TASS|TT|UPI|Xinhua|Yonhap"
)
# After a place in capitals, any source may stand in parentheses.  Otherwise the parentheses must name an agency: the
# words may be a politician and her party.
_CAPITALS = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.'’/-]+(?:[ ][A-ZÀ-ÖØ-Þ.'’/-]+)*"
_PLACE = r"[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][^()\n!?;:]{1,60}?"
_CYRILLIC_DAY = r"[А-ЯЁЄІЇҐ][\w.'’ -]{1,40},\s\d{1,2}\s[а-яёєіїґ]{3,9}\.?"
_FORMS = (
    re.compile(rf"(?P<line>\([A-Z][\w.&'’ /]{{1,40}}\){_DASH}{_CAPITALS},\s\d{{1,2}}\s[A-ZÀ-Þ]{{3,9}}\.?){_DASH}"),
    re.compile(rf"(?P<line>\((?P<name>[A-Z][\w.&'’ /]{{1,40}})\)){_DASH}"),
    re.compile(rf"(?P<line>{_CAPITALS}(?:,\s[^()\n!?;:]{{1,50}}?)?\s*{_PARENTHESIS}){_DASH}"),
    re.compile(rf"(?P<line>{_PLACE}\s*\((?i:{_AGENCIES})\w?(?:[/ ][^()]{{1,40}})?\)){_DASH}"),
    re.compile(
        rf"(?P<line>{_CAPITALS}(?:,\s+[A-ZÀ-Þ][\w.'’ ]{{1,30}})?)(?:\s*[–—―]\s*|\s+--\s*)(?=[\"“'‘«(]?[A-ZÀ-Þ0-9])"
    ),
    re.compile(rf"(?P<line>{_CYRILLIC_DAY}\s*/[^/\n]{{2,40}}/)\.?\s+"),
    # The names of its editors may follow the agency, up to the full stop.
    re.compile(rf"(?P<line>{_CYRILLIC_DAY}\s*[–—-]\s*(?:РИА Новости|ТАСС|Интерфакс)(?:,\s[\w ,-]{{1,40}})?)\.\s+"),
    re.compile(r"(?P<line>【\w{1,10}(?:共同|時事)】)\s*"),
    re.compile(r"(?P<line>(?:新华社|中新社|中新网)\S{1,20}?[日月]\s?电)\s*(?:[（(][^）)]{1,40}[）)])?\s*"),
)
_MAX_LENGTH = 120
#: Words that are printed like a dateline but are not: labels of the desk, organisations that the sentence is about.
_LABELS = frozenset(
    "breaking,breaking news,developing,just in,exclusive,exclusif,exclusiva,update,updated,updates,live,live updates,"
    "en direct,en vivo,question,answer,watch,read,listen,opinion,opinión,editorial,commentary,analysis,analyse,column,"
    "review,interview,explainer,fact check,correction,corrected,clarification,note,editor's note,editors' note,warning,"
    "photo,photos,foto,fotos,file photo,video,vidéo,audio,gallery,graphic,podcast,pictured,not pictured,poll,sponsored,"
    "advertisement,eu,un,nato,opec,imf,fbi,cia,nasa,unesco,unicef,fifa,uefa,ioc,nba,nfl,nhl,mlb,ncaa".split(",")
)


def split(paragraph: str) -> tuple[str | None, str]:
    """Return the dateline without its dash or its lone parentheses, and the rest; (None, paragraph) without one."""
    for form in _FORMS:
        match = form.match(paragraph[:_MAX_LENGTH])
        if match and match.end() < len(paragraph):
            line = match.groupdict().get("name") or match["line"].strip()
            if not _is_label(line):
                return line, paragraph[match.end() :]
    return None, paragraph


def _is_label(line: str) -> bool:
    return line.partition(",")[0].strip().casefold().replace("’", "'") in _LABELS

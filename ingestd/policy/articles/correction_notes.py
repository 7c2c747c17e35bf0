"""Correction notes in an article: paragraphs in the phrases that newsrooms use to say what was corrected."""

import re
from collections.abc import Iterator

from ingestd.text import collapse

#: Paragraphs that are searched, and characters of each: a note identifies itself in its first sentences.
_MAX_PARAGRAPHS = 2_000
_MAX_LOOKED_AT = 500
#: Longest label that is a paragraph of its own, in characters.
_MAX_LABEL = 80

_LABEL = (
    r"(?:corrections?(?: (?:and|&) clarifications?)?|clarifications?|corrigendum|erratum"
    r"|korrektur(?:hinweis)?|berichtigung|richtigstellung|klarstellung"
    r"|rectificatif|rectification|correctif|mise au point"
    r"|correcci[oó]n|rectificaci[oó]n|aclaraci[oó]n|fe de err(?:ores|atas|or)|correctie|rectificatie)"
)
#: The date of the correction, as in "Correction (June 3):" and "Correction, June 3, 10:04 a.m.:".
_DATED = r"(?:\s*[(\[][^()\[\]]{1,60}[)\]]|[\s,]+(?=[^:]{0,40}\d)(?:[^:]|(?<=\d):(?=\d\d)){1,60}?)?"
_STORY = (
    r"(?:article|story|post|piece|report|column|page|headline|item|review|interview|newsletter|graphic|map|chart"
    r"|caption|obituary|editorial|essay|dispatch|transcript)"
)
_WRONGLY = r"(?:incorrectly|erroneously|mistakenly|wrongly|inaccurately)"
_MISSTATED = r"(?:mis(?:stated|identified|spelled|spelt|quoted|attributed|reported|characteri[sz]ed|represented))"
_WRONG = rf"\b(?:{_WRONGLY}|{_MISSTATED}|incorrect|wrong|erroneous|inaccurate|mistaken|errors?|should have)\b"
_CORRECTED = rf"\b(?:correct(?:ed|s|ion)|amended to|{_WRONGLY}|{_MISSTATED})\b"
_WAS_CORRECTED = (
    r"(?:corrects|(?:has (?:\w+ )?been|was) (?:\w+ ){0,2}(?:corrected|amended)"
    r"|(?:has been|was) (?:updated|edited|changed|revised|modified) (?:[\w,]+ ){0,8}?to (?:correct|fix))"
)
_OLD_DE = r"(?:früheren|ersten|vorherigen|älteren|ursprünglichen) (?:version|fassung)"

#: Pairs: how a note begins, and what must follow in the same paragraph (None: anything).
_NOTES = tuple(
    (re.compile(rf"[\W_]{{0,10}}{begins}", re.IGNORECASE), re.compile(follows, re.IGNORECASE) if follows else None)
    for begins, follows in (
        # A label with a colon; a dash is enough only after capitals.
        (rf"{_LABEL}{_DATED}\s*:", r"\w+\W+\w+"),
        (rf"(?-i:CORRECTION|CLARIFICATION|KORREKTUR|RECTIFICATIF){_DATED}\s*[–—-]\s", r"\w+\W+\w+"),
        # Reuters: "(Corrects name in third paragraph)", "(This June 3 story has been corrected to ...)".
        (r"\((?:corrects|corrected|refiles to correct)\b", None),
        (rf"this (?:[a-z]+\.? \d{{1,2}},? )?(?:{_STORY}|version)(?:[’']s \w+)?(?: \w+)? {_WAS_CORRECTED}\b", None),
        (r"(?:in )?(?:an?|the) (?:earlier|previous|original|initial|prior) (?:version|edition|headline)\b", _WRONG),
        (rf"this {_STORY} (?:originally|previously|initially)\b", _WRONG),
        (rf"this {_STORY} (?:{_WRONGLY}|{_MISSTATED})\b", None),
        (r"(?:because of|due to|owing to) an? (?:\w+ )?(?:error|mistake)\b", rf"\b(?:version|this {_STORY})\b"),
        (r"editor[’']?s?[’']? note\b", _CORRECTED),
        # German.
        (r"(?:anm(?:erkung|\.)|hinweis) (?:der|d\.) red(?:aktion|\.)",
         rf"\b(?:korrigiert|berichtigt|fälschlich|irrtümlich|{_OLD_DE})"),
        (rf"in (?:einer|der) {_OLD_DE}\b", r"\b(?:hieß es|stand|fälschlich|irrtümlich|falsch|fehler|korrigiert)"),
        (r"dieser (?:artikel|text|beitrag|bericht) wurde\b", r"\b(?:korrigiert|berichtigt)\b"),
        # French.
        (r"(?:cet?|cette) (?:article|texte|dépêche|papier|version) (?:a été|est)\b", r"\b(?:corrig|rectifi)ée?\b"),
        (r"(?:dans )?une (?:première |précédente )?version (?:précédente |antérieure |initiale )?de (?:cet|ce|la)",
         r"\b(?:erreur|erroné|à tort|indiqu|mentionn|affirm|écriv)"),
        # Spanish.
        (r"(?:en )?una (?:versión|edición) (?:anterior|previa)\b", r"\b(?:error|erróne|decía|indica|afirma|señala)"),
        (r"est[ea] (?:artículo|noticia|información|nota|texto) (?:ha sido|fue)\b", r"\b(?:corregid|rectificad)[oa]\b"),
        (r"nota (?:del editor|de (?:la )?redacción)", r"\b(?:correg|correcc|rectific|erróne)"),
    )
)  # fmt: skip
_LABEL_ALONE = re.compile(rf"[\W_]{{0,10}}{_LABEL}{_DATED}\s*:?[\W_]{{0,10}}", re.IGNORECASE)


def correction_notes(body_text: str, description: str | None = None, headline: str | None = None) -> str | None:
    """Return the correction notes of an article, separated by blank lines; None when it has none.

    `body_text` is paragraphs separated by blank lines.  A note is a paragraph, headline or description that begins with
    one of the phrases; a label that is a paragraph of its own is joined with the next one.  A revision with a note that
    the revision before it did not have is a correction.
    """
    paragraphs = [headline or "", description or "", *body_text.split("\n\n")[:_MAX_PARAGRAPHS]]
    return "\n\n".join(dict.fromkeys(_notes(paragraphs))) or None


def _notes(paragraphs: list[str]) -> Iterator[str]:
    for paragraph, following in zip(paragraphs, [*paragraphs[1:], ""], strict=True):
        text = collapse(paragraph[:_MAX_LOOKED_AT])
        if _is_note(text):
            yield collapse(paragraph)
        elif len(text) <= _MAX_LABEL and following and _LABEL_ALONE.fullmatch(text):
            yield collapse(f"{text} {following}")


def _is_note(text: str) -> bool:
    for begins, follows in _NOTES:
        if (found := begins.match(text)) and (follows is None or follows.search(text, found.end())):
            return True
    return False

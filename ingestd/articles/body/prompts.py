"""Prompts: lines that ask the reader for consent, a subscription, a click, an app, or to read something else.

`boilerplate` uses these phrases last, after the page's structure.  A phrase matches at the start of a line.
"""

import re

_QUOTES = ("“", "„", "«", "»", "「", '"')
#: A longer line that starts like a prompt is a sentence of the story.
_MAX_LENGTH = 220

_APPS = r"(?:twitter|facebook|instagram|x\b|linkedin|tiktok|whatsapp|telegram|google|youtube)"
_PHRASES = (
    # Advertisements
    r"advertis(?:e)?ments?\b.{0,40}$",
    r"(?:anzeige|werbung|publicité|publicidad|pubblicità|reklam[ae]?|реклама|advertentie|annonse?|mainos|広告|广告|광고)$",
    r"sponsored\b.{0,40}$",
    r"(?:story|article)\s+continues\s+(?:below|after)",
    r"article\s+content$|player\s+wird\s+geladen",
    r"we\s+apologi[sz]e,?\s+but\s+this\s+video|try\s+refreshing\s+your\s+browser",
    # Consent
    r"(?:we|this\s+(?:web)?site|our\s+(?:web)?site|wir)\s+(?:use|uses|verwenden|nutzen)\s+cookies",
    r"by\s+(?:clicking|using|continuing)\b.{0,80}\b(?:you|our|cookies|agree|accept|consent|terms|(?:web)?site)\b",
    r"(?:accept\s+(?:all\s+)?cookies|manage\s+(?:cookies|preferences))\b",
    r"an\s+dieser\s+stelle\s+finden\s+sie\b.{0,60}\binhalte?\b",
    r"(?:externer|empfohlener\s+redaktioneller)\s+inhalt$",
    # Apps
    r"(?:tap|click)\s+(?:here|to\s+(?:install|add|subscribe|sign|read|view|see|expand|share|play))",
    r"(?:download|install|get)\s+(?:the|our)\s.{0,40}\bapp\b",
    # Newsletters and subscriptions
    r"(?:get|receive|have)\b.{0,60}(?:in\s+your\s+inbox|newsletter|to\s+your\s+inbox|news\s+faster)",
    r"(?:sign|signed)\s+up\s+(?:for|to|here|now)",
    r"subscribe\s+(?:to|now|today|for|here)\b",
    r"already\s+(?:a\s+)?(?:subscriber|have\s+an\s+account)",
    r"(?:register|log\s*in|sign\s*in)\s+(?:to(?!\s+vote)|for|now|here)\b",
    # Sharing
    rf"follow\s+(?:us|me|him|her|@\w+|[\w\s]{{2,40}})\s+on\s+{_APPS}",
    r"(?:like|join)\s+us\s+on\b",
    rf"share\s+(?:this|via|article|on\s+{_APPS})\b",
    rf"(?:e-?mail|print|copy\s+link|pinterest|reddit|{_APPS})$",
    # Related stories
    r"(?:read|see|watch|listen)\s+(?:more|also|next|now)\b\s*(?:[:|»>]|$|(?:on|about|from|here|stories|news)\b)",
    r"(?:also\s+(?:read|see|on)|recommended(?:\s+for\s+you|\s+stories)?|most\s+(?:read|popular|viewed)|trending)\s*:?.{0,3}$",
    r"related(?:\s+(?:articles?|stor(?:y|ies)|links?|content|topics|news|reading|coverage))?\s*:?.{0,3}$",
    r"more\s+(?:on\s+this|from\s.{2,40}|stories|like\s+this|news|in\s+\w+)\s*:?.{0,3}$",
    r"(?:latest|recent)\s+(?:news|articles|posts|stories)\s*:?$|neueste\s+(?:artikel|beiträge|nachrichten)\s*:?$",
    r"empfehlungen\s+(?:aus|der|unserer)\s.{2,40}$|você\s+(?:também\s+)?pode\s+gostar\W*$|(?:también\s+)?(?:te|le)\s+puede\s+gustar\W*$",
    r"derniers\s+articles$|últimas\s+not[ií]cias$|ultime\s+notizie$|laatste\s+nieuws$|senaste\s+nytt$|promowane\s+treści$",
    r"weiterführende\s+(?:informationen|links)\s*:?$|(?:recommended|related)\s+videos\s*:?$",
    r"you\s+(?:may|might)\s+(?:also\s+)?(?:like|be\s+interested)\s*:?.{0,3}$",
    r"(?:related|also\s+read|read\s+also|don['’]t\s+miss|see\s+also|read\s+more|watch)\s*:",
    r"(?:lesen\s+sie\s+(?:auch|mehr|hier)|mehr\s+zum\s+thema|mehr\s+dazu|auch\s+interessant|weiterlesen)\b",
    r"das\s+(?:thema\s+)?könnte\s+(?:sie|dich|euch)\s+(?:auch\s+)?interessieren\b",
    r"(?:ähnliche|verwandte|weitere)\s+(?:beiträge|artikel|themen|nachrichten)\s*:?.{0,3}$",
    r"(?:notas|noticias|artículos)\s+relacionad[ao]s\b|articles?\s+(?:liés|similaires)\b|articoli\s+correlati\b",
    r"(?:à\s+)?lire\s+aussi\b|lea\s+también\b|lee\s+también\b|te\s+puede\s+interesar\b|leggi\s+anche\b|lees\s+ook\b",
    r"läs\s+(?:också|mer)\b|leia\s+(?:também|mais)\b|czytaj\s+(?:też|także|więcej)\b|zobacz\s+(?:też|także)\b",
    r"click\s+(?:here\s+)?for\s+more",
    # The foot of the page
    r"©|copyright\s+(?:©|\(c\)|\d{4})|all\s+rights\s+reserved",
    r"(?:\d+\s+)?comments?$|(?:leave|post|add)\s+a\s+comment",
    (
        r"(?:comments?\s+(?:are\s+)?(?:closed|off|disabled)|no\s+(?:comments|responses|(?:comment|response)\s+(?:yet|so\s+far))|"
        r"(?:noch\s+)?keine\s+kommentare|kommentare\s+(?:sind\s+)?(?:geschlossen|deaktiviert)|"
        r"(?:aucun|pas\s+de)\s+commentaires?|(?:sin|no\s+hay)\s+comentarios|(?:nenhum|sem)\s+comentários?|"
        r"nessun\s+commento|geen\s+reacties|ing(?:a|en)\s+kommentarer|brak\s+komentarzy|нет\s+комментариев|"
        r"комментариев\s+нет|yorum\s+yok|コメントはありません|暂无评论|댓글이\s+없습니다|لا\s+توجد\s+تعليقات)\W*$"
    ),
    (
        r"(?:about\s+the\s+authors?|über\s+(?:den\s+autor|die\s+autorin)|à\s+propos\s+de\s+l[’']aut(?:eur|rice)|"
        r"sobre\s+(?:el|la|o|a)\s+autora?|sull[’']aut(?:ore|rice)|over\s+de\s+auteur|om\s+författaren|об\s+авторе)\W*$"
    ),
    r"(?:load|show|view)\s+(?:more|all)\b.{0,30}$",
)
_PROMPT = re.compile(rf"\W*(?:{'|'.join(_PHRASES)})", re.IGNORECASE)

# "(Click for more on what this could mean.)" at the end of a paragraph of the story.
_INVITATION = re.compile(
    r"\s*(?:\((?:click|tap|read|see|watch)\b(?:\s+here)?\s+(?:for\s+)?(?:more|the\s+full|to\s+read|also)\b[^()]{0,160}\)"
    r"|(?<=[.!?”\"])\s+(?:click|tap)\s+(?:here\s+)?(?:for\s+more|to\s+read\s+more)\b[^.!?]{0,120}[.!?]?)\s*$",
    re.IGNORECASE,
)
#: Words of an invitation, which are searched for first because it is faster.
_INVITATION_WORDS = ("click", "tap", "read", "see", "watch")


def is_prompt(line: str) -> bool:
    """Return whether a line is a prompt; a line that begins with a quotation is what somebody said."""
    return not line.startswith(_QUOTES) and len(line) <= _MAX_LENGTH and bool(_PROMPT.match(line))


def find_invitation(paragraph: str) -> tuple[int, int] | None:
    """Return start and end of an invitation to click at the end of a paragraph; None without one."""
    start = max(0, len(paragraph) - _MAX_LENGTH)
    end = paragraph[start:]
    folded = end.lower()
    match = _INVITATION.search(end) if any(map(folded.__contains__, _INVITATION_WORDS)) else None
    return (start + match.start(), start + match.end()) if match else None

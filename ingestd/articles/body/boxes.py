"""Boxes of a page's interface, told by their elements, in any language: requests for consent, and paywalls."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, takewhile

from lxml import etree

from ingestd.articles.body import interface_lines
from ingestd.articles.body.marked_elements import is_hidden
from ingestd.articles.body.walk import PlacedBlock

#: A box has no more characters, and surrounds its text in no more elements.
_MAX_CONSENT, _MAX_WALL = 700, 600
_LEVELS = 4
#: The same of a placeholder of embedded content that does not speak of consent, and of a sign-up to a newsletter.
_MAX_PLACEHOLDER, _MAX_SIGN_UP = 220, 400
#: A shorter text that names a provider is a placeholder whatever its words.
_MAX_LABEL = 100
#: Fields for an e-mail address that are looked at.
_MAX_FIELDS = 10
#: Blocks at the end of the story, and below it, that are looked at for a paywall.
_BEFORE_END, _BELOW_END = 5, 6
#: Of so many elements of one kind side by side, none is a box: they are posts of a live blog.
_POSTS = 3
_AROUND = frozenset(("html", "body", "main", "article"))
_ACTIONS = etree.XPath(
    "boolean(.//button | .//input[not(@type='hidden')] | .//*[@role='button' or @role='switch'] | .//form)"
)
_PASSWORD = etree.XPath("boolean(.//input[@type='password'])")
_ACTIONS_OR_LINKS = etree.XPath("boolean(.//button | .//input[not(@type='hidden')] | .//a | .//form | self::a)")
_WALL = re.compile(
    r"(?:pay|reg|subscri(?:be|ption|ber)|meter(?:ed)?|premium|abo|plus|content|article|login)[-_]?(?:wall|gate)(?![a-z])|"
    r"(?:^|[\s_-])(?:premium|plus|abo|subscri(?:be|ption|ber))[-_](?:box|overlay|hint|hinweis|barrier|lock|message|required)|"
    r"(?:^|[\s_-])(?:locked|barrier)[-_](?:content|article|page|box|message)|(?:content|article)[-_](?:locked|lock|barrier)|"
    r"(?:^|[\s_-])(?:tp-container|piano-(?:container|offer|inline)|zephr-\w+)",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Where the buttons of a paywall lead: to a login and to an offer, in the words of addresses.
_LOGIN = re.compile(
    r"(?:^|[/._-])(?:log-?in|sign-?in|signin|anmeld\w*|einloggen|connexion|se-connecter|identif\w+|iniciar-?sesion|"
    r"entrar|accedi|inlogg\w*|logga-?in|logg-?inn|kirjaudu|zaloguj|logowanie|prihlas\w*|giris|belepes|bejelentkez\w*|"
    r"auth|sso|oauth|conta|konto|account|compte|vhod|uye-girisi|masuk|dang-nhap)(?:$|[/._?#-])",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"(?:^|[/._-])(?:subscri\w*|suscri\w*|abo|abos|abonn?\w*|abbon\w*|assin\w*|prenumer\w*|tilaa\w*|predpl\w*|elofiz\w*|"
    r"offers?|angebote?|offres?|ofertas?|offerte|premium|plus|digital-?pass|checkout|paywall|membership|kop|kjop|kaufen|"
    r"pretplat\w*|sindrom\w*|podpisk\w*|pidpys\w*|langganan|berlangganan|abone\w*|narocnin\w*|join|sub)"
    r"(?:$|[/._?#-])",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"[$€£¥₩₹₺₽₴₪฿₫]\s?\d|\d[\d.,]*\s?(?:[€£₹₺₽₴₪฿₫元円원]|(?:kr|zł|Kč|Ft|TL|lei|CHF|USD|EUR|SEK|NOK|DKK|RON|HUF|PLN|CZK|лв|руб|грн|"
    r"din|RM|Rp|บาท|đồng)(?!\w))"
)
_ACTION = re.compile(
    r"comment|reply|respond|disqus|kommentar|commentaire|comentario|newsletter|donat|spende|shop|cart", re.IGNORECASE
)
#: Links of a paywall; a menu or a list has more.
_MAX_LINKS = 6
_HIDDEN = frozenset(("hide", "hidden", "is-hidden", "d-none"))
_MAX_NAMES = 500


def consent_box(placed: PlacedBlock) -> etree._Element | None:
    """Return the small box with a button, around a block, that asks to load content of others; None without one.

    It speaks of consent, or it names the provider of the content and says little else.
    """
    line = placed.block.text
    if placed.block.tag == "blockquote" or len(line) > _MAX_CONSENT:
        return None
    speaks = interface_lines.speaks_of_privacy(line)
    if not speaks and (len(line) > _MAX_PLACEHOLDER or not interface_lines.names_provider(line)):
        return None
    for box, text in _boxes(_around(placed.element), _MAX_CONSENT if speaks else _MAX_PLACEHOLDER):
        if _ACTIONS(box):
            named = interface_lines.names_embed(text) if speaks else interface_lines.speaks_of_embed(text)
            return box if (named or len(text) <= _MAX_LABEL) and not _is_post(box) else None
    return None


def sign_ups(root: etree._Element, first: PlacedBlock) -> frozenset[etree._Element]:
    """Return the elements of the small boxes in which a reader enters an e-mail address.

    `first` is the first block of the story, which is in no such box.
    """
    found: set[etree._Element] = set()
    story = {first.element, *first.element.iterancestors()}
    fields = (field for field in root.iter("input") if field.get("type") == "email")
    for field in islice(fields, _MAX_FIELDS):
        small = [box for box, text in _boxes(_around(field.getparent()), _MAX_SIGN_UP) if text and box not in story]
        found.update(small[-1].iter() if small else ())
    return frozenset(found)


def interface_texts(root: etree._Element, placed: Sequence[PlacedBlock]) -> frozenset[str]:
    """Return the texts of the blocks of a page that stand in placeholders of embedded content and in sign-ups."""
    found = set(sign_ups(root, placed[0]) if placed else ())
    found.update(inner for one in placed if (box := consent_box(one)) is not None for inner in box.iter())
    return frozenset(one.block.text for one in placed if one.element in found) if found else frozenset()


def walls(placed: Sequence[PlacedBlock], kept: Sequence[int]) -> set[int]:
    """Return the indexes of the blocks that say that the rest is for subscribers, or stand in a box that sells it.

    They are among the last blocks of a story, whose indexes are `kept`, and those below it.
    """
    if not kept:
        return set()
    below = range(kept[-1] + 1, min(kept[-1] + 1 + _BELOW_END, len(placed)))
    around_first = frozenset(placed[kept[0]].element.iterancestors())
    asked: dict[etree._Element, bool | None] = {}
    return {
        at
        for at in (*kept[-_BEFORE_END:], *below)
        if interface_lines.is_wall(placed[at].block.text) or _is_wall_box(placed[at].element, around_first, asked)
    }


def _is_wall_box(
    element: etree._Element, around_first: Collection[etree._Element], asked: dict[etree._Element, bool | None]
) -> bool:
    """Return whether an element stands in a visible box that is a paywall; `asked` has the answers for each box.

    No box is around the first block of the story.
    """
    for box in _around(element):
        if box in around_first:
            return False
        if box not in asked:
            asked[box] = _sells(box)
        sells = asked[box]
        if sells:
            return not any(map(_is_hidden, (element, *islice(element.iterancestors(), 2 * _LEVELS))))
        if sells is None:
            return False
    return False


def _sells(box: etree._Element) -> bool | None:
    """Return whether a box is a paywall; None if its text is too long, as that of any box around it is.

    It is named one and offers something to do, or it offers a subscription and a login.
    """
    text = _short_text(box, _MAX_WALL)
    if not text:
        return None if text is None else False
    return (_is_named_wall(box) and bool(_ACTIONS_OR_LINKS(box))) or _sells_the_rest(box, text)


def _sells_the_rest(box: etree._Element, text: str) -> bool:
    """Return whether a box has a link to a login beside one to an offer, or beside a price."""
    targets = [*islice(_targets(box), _MAX_LINKS + 1)]
    if not targets or len(targets) > _MAX_LINKS:
        return False
    logins = [target for target in targets if _LOGIN.search(target)]
    if not logins or any(map(_ACTION.search, targets)) or _PASSWORD(box):
        return False
    return len(logins) < len(targets) and (
        _PRICE.search(text) is not None or any(_OFFER.search(target) for target in targets if target not in logins)
    )


def _targets(box: etree._Element) -> Iterator[str]:
    """Yield the addresses of the links and forms in a box; those of a form around it all are none of the box."""
    for one in box.iter("a", "form"):
        target = one.get("href" if one.tag == "a" else "action")
        if target is not None and (one is not box or one.tag == "a"):
            yield target


def _around(element: etree._Element) -> list[etree._Element]:
    """Return an element and those around it that may be a box, from the inside."""
    return list(takewhile(lambda box: box.tag not in _AROUND, (element, *islice(element.iterancestors(), _LEVELS))))


def _is_named_wall(box: etree._Element) -> bool:
    names = f"{box.get('class', '')[:_MAX_NAMES]} {box.get('id', '')[:_MAX_NAMES]}"
    return len(names) > 1 and _names_wall(names)


@lru_cache(maxsize=1024)  # the blocks at the end of a story stand in the same elements
def _names_wall(names: str) -> bool:
    return _WALL.search(_CAMEL.sub("-", names)) is not None


def _boxes(around: Iterable[etree._Element], longest: int) -> Iterator[tuple[etree._Element, str]]:
    """Yield each of the elements around a block with its text, as long as that is short."""
    for box in around:
        text = _short_text(box, longest)
        if text is None:
            return
        yield box, text


def _short_text(box: etree._Element, longest: int) -> str | None:
    """Return the text of an element on one line; None if it has more than `longest` characters."""
    parts, length = [], 0
    for part in box.itertext():
        parts.append(part)
        length += len(part.strip())
        if length > longest:
            return None
    return " ".join("".join(parts).split())


def _is_post(box: etree._Element) -> bool:
    above = box.getparent()
    names = box.get("class")
    alike = (one for one in (above if above is not None else ()) if one.tag == box.tag and one.get("class") == names)
    return sum(1 for _ in islice(alike, _POSTS)) == _POSTS


def _is_hidden(element: etree._Element) -> bool:
    return is_hidden(element) or not _HIDDEN.isdisjoint(element.get("class", "")[:_MAX_NAMES].split())

"""Keys of short texts and headlines, which are equal where only marks of alerts and agencies differ."""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import blake2b

from ingestd.likeness.placement import Document, Key, KeyKind
from ingestd.likeness.rules import RULES, Rules
from ingestd.likeness.sketch import Sketch, sketch

#: Marks of an alert, and agencies that sign it: removed at both ends.
_MARKS = frozenset(
    "breaking urgent update alert eilmeldung eil just in reuters ap afp dpa pa aap efe kyodo ansa apa ntb tt interfax "
    "lusa tass upi pti ani ians xinhua yonhap belga anp ritzau stt pap ctk mti bta tanjug hina sta anadolu".split()
)
_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
_THOUSANDS = re.compile(r"[.,'’](?<=\d.)(?=\d{3}(?!\d))")
#: First character of kana; ideographs follow.
_KANA = "\u3040"
#: A section or the paper's name behind a headline, and a label before it.
_BEHIND = re.compile(r"\s[|\u2013\u2014-]\s[^|\u2013\u2014:]{1,40}$")
_BEFORE = re.compile(r"^\s*[^\W\d_]{2,15}:\s")
#: Words of a headline from which it is stored, and from which a short text that contains it says no more.
_HEADLINE = 5
#: Characters of a short text or headline that are read.
_LONGEST = 2_000


def words_without_marks(text: str) -> tuple[str, ...]:
    """Return the words of a short text, case-folded, without marks ("BREAKING", "Reuters") at its ends."""
    folded = unicodedata.normalize("NFKC", text[:_LONGEST].replace("\u00ad", "")).casefold()
    words = _WORDS.findall(_THOUSANDS.sub("", folded))
    first, last = 0, len(words)
    while first < last and words[first] in _MARKS:
        first += 1
    while first < last and words[last - 1] in _MARKS:
        last -= 1
    return tuple(words[first:last])


def document(
    *, publisher: str, headline: str | None, text: str, base: int, of: Sketch | None = None, rules: Rules = RULES
) -> Document:
    """Return a record's revision with its sketch and keys; `of` is the sketch of the text where it was made before."""
    made = of or sketch(text, base)
    tokens = len(made.tokens)
    title = words_without_marks(headline or "")
    if tokens >= _least(made, rules):
        titles = dict.fromkeys((title, *_bare_titles(headline or "")))
        lookups = tuple(Key(KeyKind.TEXT, _number(words, base)) for words in titles if words)
        keys = (Key(KeyKind.HEADLINE, _number(title, base)),) if len(title) >= _HEADLINE else ()
        return Document(publisher=publisher, sketch=made, is_short=False, lookups=lookups, keys=keys)
    if tokens < rules.empty:
        return Document(publisher=publisher, sketch=made, is_short=True)
    number = _number(_statement(words_without_marks(text), title), base)
    return Document(
        publisher=publisher,
        sketch=made,
        is_short=True,
        lookups=(Key(KeyKind.TEXT, number), Key(KeyKind.HEADLINE, number)),
        keys=(Key(KeyKind.TEXT, number),),
    )


def _bare_titles(headline: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of a headline without what a paper puts around it: "Latest: ... | Region"."""
    for pattern in (_BEHIND, _BEFORE):
        bare = pattern.sub("", headline)
        if bare != headline and len(words := words_without_marks(bare)) >= _HEADLINE:
            yield words
        headline = bare


def _least(text: Sketch, rules: Rules) -> int:
    """Return the tokens from which a text is compared with others; a word of Thai has five, one of Chinese two."""
    if not text.is_by_character:
        return rules.short
    if len(text.tokens) >= rules.short_by_letter:
        return rules.short_by_letter
    ideographs = sum(sign >= _KANA for sign in text.text)
    return rules.short_by_character if 2 * ideographs > len(text.tokens) else rules.short_by_letter


def _statement(words: tuple[str, ...], title: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a short text says.

    An alert repeats its headline.  Any other short text ("Watch the video above.") says nothing without it.
    """
    says, titled = set(words), set(title)
    if not title or says <= titled or (titled <= says and len(title) >= _HEADLINE):
        return words
    return title + words


def _number(words: tuple[str, ...], base: int) -> int:
    key = (base & ((1 << 64) - 1)).to_bytes(8, "big")
    digest = blake2b(" ".join(words).encode("utf-8", "replace"), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "big") >> 1

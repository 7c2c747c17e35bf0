"""Invent articles with words as frequent as in news: a few make up half the text, most are rare, new ones never end."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape

from site_server import WORDS

from ingestd.model.article import Article, Image

#: The words between the others, the most frequent first: nearly half of an English text.
COMMON = (
    "the of to and a in that is for on said was with as it by at from he be have his has are an not will who but they "
    "were which this or had their its been would after more one about also when there out up than if we can into "
    "because other so no some two last could over her all new first year she you i against between people most them "
    "only during before while through many under where since being what him made now three may such even made any "
    "then down off including government week our month per cent according just both very our"
).split()
#: Words that there are besides, and the share of a text's words that it has had before.
VOCABULARY, REPEATED = 400_000, 0.3
START = datetime(2026, 1, 1, tzinfo=UTC)
_ONSETS = "b br c ch cl d dr f fl g gr h j k l m n p pl pr qu r s sh st t tr v w z".split()
_VOWELS = "a e i o u ai ea ee io ou".split()
_ENDS = ["", "", "", "n", "r", "s", "l", "t", "nd", "ng", "st", "ck", "m"]


@cache
def word(rank: int) -> str:
    """Return a word by its frequency; the rarer, the longer, and some of the rare ones are names and numbers."""
    if rank < len(WORDS):
        return WORDS[rank]
    rng = random.Random(rank)
    if rank > 3000 and rank % 13 == 0:
        return str(rng.randint(2, 9999))
    syllables = 1 + (rank > 300) + (rank > 20_000) * rng.randint(0, 1)
    spelled = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_ENDS) for _ in range(syllables))
    return spelled.capitalize() if rank % 5 == 0 else spelled + rng.choice(("", "", "s", "ed", "ing", "er", "ion"))


class Text:
    """Words of one article: what it is about comes again and again."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._had: list[str] = []

    def word(self) -> str:
        if self._rng.random() < 0.45:
            return COMMON[int(len(COMMON) ** self._rng.random()) - 1]
        if self._had and self._rng.random() < REPEATED:
            return self._rng.choice(self._had)
        self._had.append(word(int(VOCABULARY ** self._rng.random()) - 1))
        return self._had[-1]

    def sentence(self, words: int) -> str:
        found = [self.word() for _ in range(words)]
        if words > 12:
            found[words // 2] += ","
        line = " ".join(found)
        return line[0].upper() + line[1:]

    def paragraph(self) -> str:
        return " ".join(f"{self.sentence(self._rng.randint(7, 26))}." for _ in range(self._rng.randint(1, 3)))


def article(number: int) -> Article:
    """Return the article of a number, always the same: 2 to 60 paragraphs, 17 on average, some links and pictures."""
    rng = random.Random(f"article {number}")
    text = Text(rng)
    headline = text.sentence(rng.randint(6, 12))
    paragraphs = [text.paragraph() for _ in range(min(60, max(2, int(rng.lognormvariate(2.65, 0.6)))))]
    site = f"https://www.{word(1000 + number % 300)}.example"
    when = START + timedelta(minutes=number)
    author = f"{word(5 * rng.randint(40, 900)).capitalize()} {word(5 * rng.randint(40, 900)).capitalize()}"
    return Article(
        headline=headline,
        body_text="\n\n".join(paragraphs),
        body_html="".join(f"<p>{_marked(rng, site, paragraph)}</p>" for paragraph in paragraphs),
        description_text=text.sentence(rng.randint(12, 30)) if rng.random() < 0.8 else None,
        byline=f"By {author}" if rng.random() < 0.6 else None,
        authors=(author,) if rng.random() < 0.8 else (),
        firstcreated=when,
        versioncreated=when + timedelta(minutes=rng.randint(0, 90)),
        date_precision="second",
        language="en",
        source=site.split(".")[1].capitalize(),
        uri=f"{site}/news/{when:%Y/%m/%d}/{headline.lower().replace(' ', '-').replace(',', '')}-{number}",
        associations=tuple(
            Image(href=f"{site}/media/{rng.randbytes(6).hex()}/lead.jpg", caption=text.sentence(12), credit=author)
            for _ in range(rng.choice((0, 1, 1, 2)))
        ),
        provenance={
            "headline": "json_ld", "description_text": "meta", "authors": "json_ld", "firstcreated": "json_ld",
            "versioncreated": "json_ld", "language": "meta", "source": "meta", "uri": "links", "images": "meta",
        },
    )  # fmt: skip


def _marked(rng: random.Random, site: str, paragraph: str) -> str:
    """Return a paragraph as markup, one in six with a link."""
    if rng.random() > 1 / 6:
        return escape(paragraph, quote=False)
    words = paragraph.split(" ")
    at = rng.randrange(len(words))
    words[at] = f'<a href="{site}/topics/{word(rng.randint(100, 5000)).lower()}">{words[at]}</a>'
    return " ".join(words)


def articles(count: int) -> Iterator[Article]:
    """Yield articles."""
    return map(article, range(count))

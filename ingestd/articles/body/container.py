"""Where on a page the story stands: the element that holds its prose, told by length, links and marks."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from ingestd import text
from ingestd.articles.body.blocks import Block
from ingestd.articles.body.marked_elements import STRONG, TEASER, MarkedElement
from ingestd.articles.body.walk import PlacedBlock

#: A block with a larger share of link text leads elsewhere.
_LINKS = 0.6
#: Prose is a block of this length, or a shorter one that ends as a sentence does.
_PARAGRAPH = 80
_SENTENCE = 40
_ENDS = tuple(".!?…。！？»”\"')]")
_CUT_SHORT = ("…", "...", "[...]", "[…]")
#: An excerpt below a link with the title of another story.
_TITLE_LENGTHS = range(20, 250)
_EXCERPT = 400
#: One character of Chinese or Japanese says as much as this many letters.
_DENSE = 2.5
#: An element with more of the prose than this is not believed to be something else by a weak mark.
_MOST = 0.4
#: With less of the prose than this left, no mark of an element with much of it is believed.
_LEAST = 0.15
#: The deepest element with this much of the best one's weight is taken: what is around it is rarely the story's.
_ENOUGH = 0.92
#: What holds a paragraph or a table, and no story.
_TOO_SMALL = frozenset(
    "p li ul ol dl dd dt table tr td th tbody blockquote h1 h2 h3 h4 h5 h6 pre figure span a".split()
)
#: How far above the story its headline may stand, and how many blocks between them may be its dek.
_HEIGHT = 40
_DEKS = 3
#: So many lines behind the last paragraph, if they are this short, are a signature or a button.
_TAIL = 4
_SHORT = 50
_HEADINGS = ("h2", "h3", "h4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known of the article before its body is read."""

    headline: str | None = None
    #: Every dek or abstract that a witness gives.
    deks: tuple[str, ...] = ()


def story_blocks(placed: Sequence[PlacedBlock], hints: Hints) -> tuple[Block, ...]:
    """Return the blocks of the story and of the dek above it, in order; empty where there is no prose."""
    weights = _weigh(placed)
    void = _void(placed, weights)
    live = [at for at, one in enumerate(placed) if void.issuperset(one.marks)]
    top = _top(placed, weights, live)
    if top is None:
        return ()
    inside = set(top.iter())
    story = [at for at in live if placed[at].element in inside]
    kept = _without_tail(placed, weights, [at for at in story if placed[at].block.link_share <= _LINKS])
    return tuple(placed[at].block for at in (*_deks(placed, story[0], void, hints), *kept))


def _weigh(placed: Sequence[PlacedBlock]) -> list[float]:
    """Return for each block how much it speaks for a story where it stands: its length as prose, less if links."""
    weights: list[float] = []
    title_above = False
    for one in placed:
        line, linked = one.block.text, one.block.link_share
        weight = _weight(one.block, linked)
        if weight > 0 and (line.endswith(_CUT_SHORT) or (title_above and len(line) < _EXCERPT)):
            weight = 0
        weights.append(weight)
        title_above = linked > _LINKS and len(line) in _TITLE_LENGTHS
    return weights


def _weight(block: Block, linked: float) -> float:
    length: float = len(block.text)
    if any("\u3040" <= char <= "\u9fff" for char in block.text[:20]):
        length *= _DENSE
    if linked > _LINKS:
        return -length
    is_prose = length >= _PARAGRAPH or (length >= _SENTENCE and block.text.endswith(_ENDS))
    return length * (1 - linked) if is_prose and block.tag not in _HEADINGS else 0


def _void(placed: Sequence[PlacedBlock], weights: Sequence[float]) -> set[MarkedElement]:
    """Return the marks that are not believed, because too much of the page's prose is within."""
    within: dict[MarkedElement, float] = defaultdict(float)
    prose = [(one.marks, weight) for one, weight in zip(placed, weights, strict=True) if weight > 0]
    for marks, weight in prose:
        for mark in marks:
            within[mark] += weight
    total = sum(weight for _, weight in prose)
    large = {mark for mark, weight in within.items() if weight > _MOST * total}
    void = {mark for mark in large if mark.strength < STRONG}
    left = sum(weight for marks, weight in prose if void.issuperset(marks))
    return void if left >= _LEAST * total else large


def _top(placed: Sequence[PlacedBlock], weights: Sequence[float], live: Sequence[int]) -> etree._Element | None:
    scores: dict[etree._Element, float] = defaultdict(float)
    for element, weight in _by_element(placed, weights, live).items():
        scores[element] += weight
        for above in element.iterancestors():
            scores[above] += weight
    best = max((score for element, score in scores.items() if element.tag not in _TOO_SMALL), default=0)
    if best <= 0:
        return None
    enough = [element for element, score in scores.items() if score >= _ENOUGH * best and element.tag not in _TOO_SMALL]
    return max(enough, key=_depth)


def _by_element(
    placed: Sequence[PlacedBlock], weights: Sequence[float], live: Sequence[int]
) -> Mapping[etree._Element, float]:
    sums: dict[etree._Element, float] = defaultdict(float)
    for at in live:
        sums[placed[at].element] += weights[at]
    return sums


def _depth(element: etree._Element) -> int:
    return sum(1 for _ in element.iterancestors())


def _deks(placed: Sequence[PlacedBlock], first: int, void: Collection[MarkedElement], hints: Hints) -> list[int]:
    """Return the blocks between the headline and the story that can be its dek or first lines."""
    headline = text.fold(hints.headline) if hints.headline else None
    if any(_is_headline(one, headline) for one in placed[first : first + 6]):
        return []
    above = range(max(0, first - _HEIGHT), first)
    start = next((at for at in reversed(above) if _is_headline(placed[at], headline)), None)
    if start is None:
        return []
    told = {text.fold(dek)[:60] for dek in hints.deks if len(dek) > 30}
    return [at for at in range(start + 1, first) if _is_dek(placed[at], void, told)][:_DEKS]


def _is_headline(placed: PlacedBlock, headline: str | None) -> bool:
    if placed.element.tag == "h1":
        return True
    line = placed.block.text
    return headline is not None and abs(len(line) - len(headline)) < 12 and text.fold(line) == headline


def _is_dek(placed: PlacedBlock, void: Collection[MarkedElement], told: Collection[str]) -> bool:
    line = placed.block.text
    if len(line) < _SENTENCE or placed.block.link_share > 0.3:
        return False
    if any(mark.strength > TEASER and mark not in void for mark in placed.marks):
        return False
    return placed.block.tag in _HEADINGS or line.endswith(_ENDS) or text.fold(line)[:60] in told


def _without_tail(placed: Sequence[PlacedBlock], weights: Sequence[float], story: list[int]) -> list[int]:
    last = max((number for number, at in enumerate(story) if weights[at] > 0), default=-1)
    tail = story[last + 1 :]
    if len(tail) > _TAIL:
        return story
    return story[: last + 1] + [at for at in tail if _can_end(placed[at].block)]


def _can_end(block: Block) -> bool:
    line = block.text
    if block.tag in ("li", "pre") or len(line) >= _SHORT:
        return True
    return len(line) >= 12 and line.endswith(_ENDS) and block.tag not in _HEADINGS

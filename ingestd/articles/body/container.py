"""Find the story on a page: the element with most of the prose, by text length, share of links, and marked elements."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from ingestd import text
from ingestd.articles.body import boxes, captions
from ingestd.articles.body.blocks import Block
from ingestd.articles.body.interface_lines import is_wall
from ingestd.articles.body.marked_elements import STRONG, TEASER, MarkedElement
from ingestd.articles.body.walk import PlacedBlock
from ingestd.articles.witnesses import headlines, signature

#: A block with a larger share of link text is navigation.
_MAX_LINK_SHARE = 0.6
#: A block is prose at the first length, or at the second if it ends like a sentence.
_PARAGRAPH = 80
_SENTENCE = 40
_SENTENCE_ENDS = tuple(".!?…。！？»”\"')]")
_ELLIPSES = ("…", "...", "[...]", "[…]")
#: A block below a link that reads like a title is the excerpt of another story, up to `_EXCERPT` characters.
_TITLE_LENGTHS = range(20, 250)
_EXCERPT = 400
#: A weak mark is ignored on an element with a larger share of the page's prose.
_MAX_WEAK_SHARE = 0.4
#: If less of the prose than this share is left, strong marks on such elements are ignored too.
_MIN_LEFT_SHARE = 0.15
#: The deepest element with at least this share of the best weight is the story: what surrounds it rarely belongs to it.
_NEARLY_BEST = 0.92
#: Tags of elements that hold a paragraph or a table but no story.
_TOO_SMALL = frozenset(
    "p li ul ol dl dd dt table tr td th tbody blockquote h1 h2 h3 h4 h5 h6 pre figure span a".split()
)
#: Number of blocks above the story that are searched for its headline, and the most blocks of a dek.
_MAX_HEADER_BLOCKS = 40
_MAX_DEKS = 3
#: Up to this many lines after the last paragraph are dropped as a signature or buttons if shorter than `_SHORT`.
_MAX_TAIL = 4
_SHORT = 50
_HEADINGS = ("h2", "h3", "h4")
#: The largest share of a text that is in captions.
_MAX_CAPTIONS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFields:
    """Fields of the article's header, which are known before its body is read."""

    headline: str | None = None
    #: Every dek or abstract that a witness states.
    deks: tuple[str, ...] = ()


def story_blocks(placed: Sequence[PlacedBlock], header: HeaderFields) -> tuple[Block, ...]:
    """Return the blocks of the story and of the dek above it, in order; empty when the page has no prose."""
    weights = _weights(placed)
    overruled = _overruled(placed, weights)
    candidates = [at for at, located in enumerate(placed) if overruled.issuperset(located.marks)]
    story_element = _story_element(placed, weights, candidates)
    if story_element is None:
        return ()
    inside = set(story_element.iter())
    story = [at for at in candidates if placed[at].element in inside]
    kept = _without_tail(placed, weights, _texts(placed, story))
    asked = [box for at in kept if (box := boxes.consent_box(placed[at])) is not None]
    sign_ups = boxes.sign_ups(story_element, placed[kept[0]]) if kept else ()
    interface = set(sign_ups).union(*(box.iter() for box in asked))
    kept = [at for at in kept if placed[at].element not in interface or is_wall(placed[at].block.text)]
    walls = boxes.walls(placed, kept)
    kept = sorted({*kept, *walls}) if walls else kept
    return tuple(
        replace(placed[at].block, is_wall=True) if at in walls else placed[at].block
        for at in (*_deks(placed, story[0], overruled, header), *kept)
    )


def _texts(placed: Sequence[PlacedBlock], story: Sequence[int]) -> list[int]:
    """Return the blocks that are neither navigation nor captions of pictures beside them.

    Where captions would be much of the text, the story is told in them.
    """
    texts = [at for at in story if placed[at].block.link_share <= _MAX_LINK_SHARE or placed[at].block.is_address]
    beside = {at for at in texts if captions.is_beside_picture(placed[at])}
    told = sum(len(placed[at].block.text) for at in beside) > _MAX_CAPTIONS * sum(
        len(placed[at].block.text) for at in texts
    )
    return texts if told else [at for at in texts if at not in beside]


def _weights(placed: Sequence[PlacedBlock]) -> list[float]:
    """Return each block's weight as evidence that its element is the story: its length if prose, negative if links."""
    weights: list[float] = []
    title_above = False
    for at, located in enumerate(placed):
        line, link_share = located.block.text, located.block.link_share
        weight = _weight(located.block, link_share)
        is_excerpt = line.endswith(_ELLIPSES) and not any(is_wall(one.block.text) for one in placed[at + 1 : at + 3])
        if weight > 0 and (is_excerpt or (title_above and len(line) < _EXCERPT)):
            weight = 0
        weights.append(weight)
        title_above = weight < 0 and len(line) in _TITLE_LENGTHS
    return weights


def _weight(block: Block, link_share: float) -> float:
    length = float(text.latin_length(block.text))
    if link_share > _MAX_LINK_SHARE:
        return 0 if block.is_address else -length
    is_prose = length >= _PARAGRAPH or (length >= _SENTENCE and block.text.endswith(_SENTENCE_ENDS))
    return length * (1 - link_share) if is_prose and block.tag not in _HEADINGS else 0


def _overruled(placed: Sequence[PlacedBlock], weights: Sequence[float]) -> set[MarkedElement]:
    """Return the marked elements to be treated as unmarked, because they contain too much of the page's prose."""
    within: dict[MarkedElement, float] = defaultdict(float)
    prose = [(located.marks, weight) for located, weight in zip(placed, weights, strict=True) if weight > 0]
    for marks, weight in prose:
        for mark in marks:
            within[mark] += weight
    total = sum(weight for _, weight in prose)
    large = {mark for mark, weight in within.items() if weight > _MAX_WEAK_SHARE * total}
    overruled = {mark for mark in large if mark.strength < STRONG}
    left = sum(weight for marks, weight in prose if overruled.issuperset(marks))
    return overruled if left >= _MIN_LEFT_SHARE * total else large


def _story_element(
    placed: Sequence[PlacedBlock], weights: Sequence[float], candidates: Sequence[int]
) -> etree._Element | None:
    scores: dict[etree._Element, float] = defaultdict(float)
    for element, weight in _weight_by_element(placed, weights, candidates).items():
        scores[element] += weight
        for above in element.iterancestors():
            scores[above] += weight
    best = max((score for element, score in scores.items() if element.tag not in _TOO_SMALL), default=0)
    if best <= 0:
        return None
    enough = [
        element for element, score in scores.items() if score >= _NEARLY_BEST * best and element.tag not in _TOO_SMALL
    ]
    return max(enough, key=_depth)


def _weight_by_element(
    placed: Sequence[PlacedBlock], weights: Sequence[float], candidates: Sequence[int]
) -> Mapping[etree._Element, float]:
    sums: dict[etree._Element, float] = defaultdict(float)
    for at in candidates:
        sums[placed[at].element] += weights[at]
    return sums


def _depth(element: etree._Element) -> int:
    return sum(1 for _ in element.iterancestors())


def _deks(
    placed: Sequence[PlacedBlock], first: int, overruled: Collection[MarkedElement], header: HeaderFields
) -> list[int]:
    """Return the indexes of the blocks between headline and story that may be the dek or the first lines."""
    headline = text.fold(header.headline) if header.headline else None
    if any(_is_headline(located, headline) for located in placed[first : first + 6]):
        return []
    above = range(max(0, first - _MAX_HEADER_BLOCKS), first)
    start = next((at for at in reversed(above) if _is_headline(placed[at], headline)), None)
    if start is None:
        return []
    known_deks = {text.fold(dek)[:60] for dek in header.deks if len(dek) > 30}
    return [at for at in range(start + 1, first) if _is_dek(placed[at], overruled, known_deks)][:_MAX_DEKS]


def _is_headline(placed: PlacedBlock, headline: str | None) -> bool:
    if placed.element.tag == "h1":
        return True
    line = placed.block.text
    if headline is None:
        return False
    if placed.block.tag in _HEADINGS:
        return headlines.prints(line, headline)
    return abs(len(line) - len(headline)) < 12 and text.fold(line) == headline


def _is_dek(placed: PlacedBlock, overruled: Collection[MarkedElement], known_deks: Collection[str]) -> bool:
    line = placed.block.text
    if text.latin_length(line) < _SENTENCE or placed.block.link_share > 0.3:
        return False
    if any(mark.strength > TEASER and mark not in overruled for mark in placed.marks):
        return False
    return placed.block.tag in _HEADINGS or line.endswith(_SENTENCE_ENDS) or text.fold(line)[:60] in known_deks


def _without_tail(placed: Sequence[PlacedBlock], weights: Sequence[float], story: list[int]) -> list[int]:
    last = max((number for number, at in enumerate(story) if weights[at] > 0), default=-1)
    tail = story[last + 1 :]
    if len(tail) > _MAX_TAIL:
        return story
    return story[: last + 1] + [at for at in tail if _can_end(placed[at].block)]


def _can_end(block: Block) -> bool:
    line = block.text
    is_long = text.latin_length(line) >= _SHORT
    if block.tag in ("li", "pre", "blockquote") or is_long or is_wall(line) or signature.is_emphasised_name(block):
        return True
    return len(line) >= 12 and line.endswith(_SENTENCE_ENDS) and block.tag not in _HEADINGS

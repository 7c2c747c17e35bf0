"""Remove boilerplate from between the paragraphs of a story: by structure first, by phrases last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import groupby

from ingestd import text
from ingestd.articles.body import interface_lines, prompts, reader_requests
from ingestd.articles.body.blocks import Block
from ingestd.articles.witnesses import bylines, headlines, images, visible_dates

#: Number of blocks at the start that are searched for lines of the article's header.
_HEADER_BLOCKS = 8
#: A line up to this length after a prompt may belong to it; a story's last paragraph is longer.
_SHORT = 70
#: A longer block is not a teaser.
_MAX_TEASER = 220
#: A shorter line may occur twice in a list or an interview.
_MIN_REPEAT = 40
#: A block of at least this length is a repeat wherever it occurs again, a shorter one only close to the first.
_LONG = 200
#: A block of at least this length is a copy of the story if this share of it is other blocks.
_MIN_COPY = 1000
_COPIED = 0.9
#: The longest blocks that are compared with all others, which takes quadratic time: a copy is longer than its parts.
_MOST_COMPARED = 10
_MAX_CAPTION = 800
#: Characters of a paragraph about a subscription.
_LONG_OFFER = 450
_QUOTES = " \"'“”‘’„‚«»‹›「」『』"
#: Blocks that may hold a decoration only, such as a quotation mark in large letters or the border of a table's cells.
_DECORATED = ("blockquote", "p")
_HEADINGS = ("h2", "h3", "h4")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFields:
    """Values of the article's other fields, which are removed from its text."""

    #: Every headline that a witness states.
    headlines: tuple[str, ...] = ()
    #: None: unknown, or not printed apart from the text.
    dek: str | None = None
    byline: str | None = None
    captions: tuple[str, ...] = ()


def without_boilerplate(blocks: Iterable[Block], known: KnownFields) -> tuple[Block, ...]:
    """Return the blocks of the story, in order.

    Removes known fields, header lines, prompts (consent, apps, newsletters, sharing, paywalls), clocks, the short lines
    below a prompt at the end, teasers that are only a link, repeated blocks, and headings with nothing below them.
    """
    with_words = (block for block in blocks if block.tag not in _DECORATED or any(map(str.isalnum, block.text)))
    kept = _without_prompts(_without_header(_without_pull_quotes(_without_copies(_without_repeats(with_words))), known))
    kept = [shorter for block in kept if (shorter := _without_invitation(block))]
    return tuple(_without_loose_headings(_without_teasers(kept)))


def _without_repeats(blocks: Iterable[Block]) -> list[Block]:
    """Remove repeats: of a long block anywhere, of a shorter one within two blocks after the first."""
    kept: list[Block] = []
    long: set[str] = set()
    for block in blocks:
        repeated = block.text in long or any(block.text == near.text for near in kept[-2:])
        if not repeated or len(block.text) < _MIN_REPEAT:
            kept.append(block)
        if len(block.text) >= _LONG:
            long.add(block.text)
    return kept


def _without_copies(blocks: list[Block]) -> list[Block]:
    """Remove a block that has the story's paragraphs run together: pages hide such a copy behind a paywall."""
    long = (block for block in blocks if len(block.text) >= _MIN_COPY)
    compared = nlargest(_MOST_COMPARED, long, key=lambda block: len(block.text))
    copies = {id(block) for block in compared if _is_copy(block, blocks)}
    return [block for block in blocks if id(block) not in copies]


def _is_copy(block: Block, blocks: Sequence[Block]) -> bool:
    parts = {other.text for other in blocks if _MIN_REPEAT <= len(other.text) < len(block.text)}
    return sum(len(part) for part in parts if part in block.text) >= _COPIED * len(block.text)


def _without_pull_quotes(blocks: list[Block]) -> list[Block]:
    """Remove quotations that repeat a passage of the story in large letters, with who says it."""
    if not any(block.tag == "blockquote" for block in blocks):
        return blocks
    story = "\n".join(block.text for block in blocks if block.tag != "blockquote")
    kept: list[Block] = []
    pulled = False
    for block in blocks:
        is_quote = block.tag == "blockquote"
        pulled = is_quote and (_repeats(block.text, story) or (pulled and _is_attribution(block.text)))
        if not pulled:
            kept.append(block)
    return kept


def _repeats(quote: str, story: str) -> bool:
    return len(quote) >= _MIN_REPEAT and quote.strip(_QUOTES) in story


def _is_attribution(line: str) -> bool:
    return len(line) < _SHORT and not line.endswith((".", "!", "?"))


def _without_header(blocks: Sequence[Block], known: KnownFields) -> list[Block]:
    captions = {text.fold(part) for line in known.captions for part in (line, *images.split_credit(line)) if part}
    folded_headlines = {text.fold(line) for line in known.headlines}
    first = folded_headlines | {text.fold(line) for line in (known.dek, known.byline) if line}
    kept: list[Block] = []
    for at, block in enumerate(blocks):
        # Folding is slow, and a paragraph is neither a caption nor a headline.
        is_line = len(block.text) < _MAX_CAPTION and (at < _HEADER_BLOCKS or captions)
        folded = text.fold(block.text) if is_line else ""
        if at < _HEADER_BLOCKS and (folded in folded_headlines or _is_headline(block, known.headlines)):
            # Short blocks above the headline are a menu.
            kept = [above for above in kept if not _is_short(above)]
        elif block.tag == "blockquote":
            # It may have a line that says who is quoted, and when: "— Harbour Board (@harbour) March 5, 2024".
            kept += () if at < _HEADER_BLOCKS and folded in first else (block,)
        elif not (at < _HEADER_BLOCKS and _is_header_line(block, folded, first)) and folded not in captions:
            kept.append(block)
    return kept


def _is_header_line(block: Block, folded: str, known: set[str]) -> bool:
    line = block.text
    return (
        folded in known
        or bylines.is_byline(line)
        or text.fold(bylines.clean(line) or "") in known
        or visible_dates.is_date_line(line)
    )


def _is_headline(block: Block, stated: Iterable[str]) -> bool:
    """Return whether a heading is the headline with a kicker before it."""
    return block.tag in _HEADINGS and any(headlines.prints(block.text, headline) for headline in stated)


def _without_invitation(block: Block) -> Block | None:
    span = prompts.find_invitation(block.text)
    return block.cut(*span) if span else block


def _without_prompts(blocks: list[Block]) -> list[Block]:
    """Remove prompts and, at the end of the page, the short lines below them, which are their steps and buttons."""
    blocks = _before_wall(blocks)
    end = len(blocks)
    for at in range(len(blocks) - 1, -1, -1):
        if prompts.is_prompt(blocks[at].text) or blocks[at].is_wall or interface_lines.is_wall(blocks[at].text):
            end = at
        elif not _is_short(blocks[at]):
            break
    return [block for block in blocks[:end] if not _is_interface(block)]


def _before_wall(blocks: list[Block]) -> list[Block]:
    """Return the blocks above a paywall where those below are less text, and none of them is long: they advertise."""
    at = next((at for at, block in enumerate(blocks) if block.is_wall or interface_lines.is_wall(block.text)), None)
    if at is None:
        return blocks
    above, below = ([text.latin_length(block.text) for block in part] for part in (blocks[:at], blocks[at + 1 :]))
    return blocks[: at + 1] if sum(below) <= sum(above) and max(below, default=0) <= _LONG_OFFER else blocks


def _is_interface(block: Block) -> bool:
    """Return whether a block is a prompt, a notice in place of embedded content, or a clock outside a list."""
    if block.is_wall:
        return True
    if block.tag == "blockquote":
        return prompts.is_prompt(block.text)
    return (
        prompts.is_prompt(block.text)
        or (block.tag != "li" and interface_lines.is_clock(block.text, labelled=block.tag == "p"))
        or interface_lines.asks_consent(block.text)
        or interface_lines.is_player_text(block.text)
        or reader_requests.asks_reader(block.text)
    )


def _is_short(block: Block) -> bool:
    return text.latin_length(block.text) <= _SHORT and block.tag != "blockquote"


def _without_teasers(blocks: list[Block]) -> list[Block]:
    """Remove short blocks that are one link, and lists of them, unless the article is a list of links."""
    are_teasers = [
        block.link_share > 0.9 and len(block.text) < _MAX_TEASER and not block.is_address for block in blocks
    ]
    if sum(are_teasers) > len(blocks) / 2:
        return blocks
    kept: list[Block] = []
    for is_list, group in groupby(zip(blocks, are_teasers, strict=True), key=lambda pair: pair[0].tag == "li"):
        pairs = list(group)
        if is_list and not all(is_teaser for _, is_teaser in pairs):
            kept += (block for block, _ in pairs)
        else:
            kept += (block for block, is_teaser in pairs if not is_teaser)
    return kept


def _without_loose_headings(blocks: list[Block]) -> list[Block]:
    end = len(blocks)
    while end and blocks[end - 1].tag in _HEADINGS:
        end -= 1
    return blocks[:end]

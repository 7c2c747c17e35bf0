"""What stands among the paragraphs and is not the story: told by structure first, by phrases last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ingestd import text
from ingestd.articles.body import prompts
from ingestd.articles.body.blocks import Block
from ingestd.articles.witnesses import bylines, images, visible_dates

#: Lines of the masthead are looked for among this many first blocks.
_HEAD = 8
#: A line up to this length can be a prompt's; a story's last paragraph is longer, or ends a sentence.
_SHORT = 70
#: A teaser is no longer than this.
_MAX_TEASER = 220
#: A short line may come again in a list or an interview; a paragraph does not.
_MIN_REPEAT = 40
_LONG = 200
_MAX_CAPTION = 800
_HEADINGS = ("h2", "h3", "h4")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFields:
    """What has a field of its own and is no paragraph as well."""

    #: Every headline that a witness gives.
    headlines: tuple[str, ...] = ()
    #: Only where the page prints it apart from the text.
    dek: str | None = None
    byline: str | None = None
    captions: tuple[str, ...] = ()


def without_boilerplate(blocks: Iterable[Block], known: KnownFields) -> tuple[Block, ...]:
    """Return the blocks that are the story, in order.

    Left out are repeats of what is known, masthead lines, prompts (consent, apps, newsletters, sharing) with
    the short lines that follow them to the end, teasers that are nothing but a link, blocks that come a second
    time, and headings with nothing below them.
    """
    kept = _without_prompts(_without_masthead(_once(blocks), known))
    kept = [shorter for block in kept if (shorter := _without_invitation(block))]
    return tuple(_without_loose_headings(_without_teasers(kept)))


def _once(blocks: Iterable[Block]) -> list[Block]:
    """Leave out what comes a second time: a long block anywhere, a shorter one right behind the first."""
    kept: list[Block] = []
    long: set[str] = set()
    for block in blocks:
        again = block.text in long or any(block.text == near.text for near in kept[-2:])
        if not again or len(block.text) < _MIN_REPEAT:
            kept.append(block)
        if len(block.text) >= _LONG:
            long.add(block.text)
    return kept


def _without_masthead(blocks: Sequence[Block], known: KnownFields) -> list[Block]:
    captions = {text.fold(part) for line in known.captions for part in (line, *images.split_credit(line)) if part}
    headlines = {text.fold(line) for line in known.headlines}
    first = headlines | {text.fold(line) for line in (known.dek, known.byline) if line}
    kept: list[Block] = []
    for at, block in enumerate(blocks):
        # Only a line can be a caption or a headline, and to fold a paragraph takes time.
        is_line = len(block.text) < _MAX_CAPTION and (at < _HEAD or captions)
        folded = text.fold(block.text) if is_line else ""
        if at < _HEAD and (folded in headlines or _is_headline(block, folded, headlines)):
            # The menu above a headline is no story either.
            kept = [above for above in kept if not _is_short(above)]
        elif not (at < _HEAD and _in_masthead(block, folded, first)) and folded not in captions:
            kept.append(block)
    return kept


def _in_masthead(block: Block, folded: str, known: set[str]) -> bool:
    line = block.text
    return (
        folded in known
        or bylines.is_byline(line)
        or text.fold(bylines.clean(line) or "") in known
        or visible_dates.is_date_line(line)
    )


def _is_headline(block: Block, folded: str, headlines: set[str]) -> bool:
    """Say whether a heading holds the headline, with a kicker before it."""
    return block.tag in _HEADINGS and any(len(headline) > 20 and folded.endswith(headline) for headline in headlines)


def _without_invitation(block: Block) -> Block | None:
    span = prompts.find_invitation(block.text)
    return block.cut(*span) if span else block


def _without_prompts(blocks: list[Block]) -> list[Block]:
    """Leave out prompts; at the end of a page also the short lines below one, which are its steps and buttons."""
    end = len(blocks)
    for at in range(len(blocks) - 1, -1, -1):
        if prompts.is_prompt(blocks[at].text):
            end = at
        elif not _is_short(blocks[at]):
            break
    return [block for block in blocks[:end] if not prompts.is_prompt(block.text)]


def _is_short(block: Block) -> bool:
    return len(block.text) <= _SHORT and block.tag != "blockquote"


def _without_teasers(blocks: list[Block]) -> list[Block]:
    """Leave out short blocks that are one link, and lists of them, unless the article is a list of links."""
    linked = [block.link_share > 0.9 and len(block.text) < _MAX_TEASER for block in blocks]
    if sum(linked) > len(blocks) / 2:
        return blocks
    kept: list[Block] = []
    for is_list, group in groupby(zip(blocks, linked, strict=True), key=lambda pair: pair[0].tag == "li"):
        pairs = list(group)
        if is_list and not all(teaser for _, teaser in pairs):
            kept += (block for block, _ in pairs)
        else:
            kept += (block for block, teaser in pairs if not teaser)
    return kept


def _without_loose_headings(blocks: list[Block]) -> list[Block]:
    end = len(blocks)
    while end and blocks[end - 1].tag in _HEADINGS:
        end -= 1
    return blocks[:end]

"""Find the story in a page's data: the largest text beside a headline that the page also names."""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from ingestd.articles.body import container
from ingestd.articles.body.blocks import Block
from ingestd.articles.body.container import HeaderFields
from ingestd.articles.body.tree import parse
from ingestd.articles.body.walk import placed_blocks, read_blocks
from ingestd.articles.page_data import block_lists, flight
from ingestd.articles.page_data.documents import documents_of, scripts_of
from ingestd.model.markup import parse_fragment
from ingestd.text import collapse, fold, latin_length

#: Values of all documents that are looked at, and of one story, and how deep they may lie in it.
_MAX_NODES, _MAX_STORY_NODES, _MAX_DEPTH = 300_000, 20_000, 9
#: Dicts around the one with the headline that are searched as well.
_MAX_AROUND = 2
#: Strings that are JSON themselves, and are read.
_MAX_INNER = 20
#: Characters of markup that are made of lists and texts to compare them.
_MAX_MARKUP = 15_000_000
_TITLE_LENGTHS = range(4, 300)
#: Most stories of one headline that are compared.
_MAX_STORIES = 40
#: Shortest text of a story, as the length of a text in Latin letters.
_MIN_STORY = 200
#: Names of fields that hold a summary, or something about the page.
_NOT_STORIES = re.compile(
    r"desc|summary|excerpt|abstract|teaser|seo|meta|caption|bio|comment|related|recommend|copyright|disclaimer|footer|"
    r"style|css|script|config|translations|messages|i18n|locale|schema|author|legal|terms|privacy",
    re.IGNORECASE,
)
_TAGS = re.compile(r"<[^<>]*>")


def read(root: etree._Element, titles: Iterable[str], url: str | None) -> tuple[Block, ...]:
    """Return the blocks of the story in the data of a page whose titles are `titles`; empty when there is none."""
    names = {folded for title in titles if len(folded := fold(title)) in _TITLE_LENGTHS}
    if not names:
        return ()
    scripts = scripts_of(root)
    rows = flight.rows_of(script.text or "" for script in scripts if "__next_f" in (script.text or ""))
    documents = [document for script in scripts for document in documents_of(script)]
    search = _Search(names, rows)
    best = search.largest([*documents, list(rows.values())])
    blocks = read_blocks(parse_fragment(best), url) if best else ()
    return max(blocks, _rendered(rows, names, url) if rows else (), key=_length)


def _length(blocks: tuple[Block, ...]) -> int:
    return sum(latin_length(block.text) for block in blocks)


def _rendered(rows: dict[str, Any], names: set[str], url: str | None) -> tuple[Block, ...]:
    """Return the story in the elements of flight data, where one of them is a heading that the page names."""
    root = parse(flight.markup_of(rows))
    placed = placed_blocks(root) if root is not None else ()
    headline = next((one.block.text for one in placed if fold(one.block.text) in names), None)
    if headline is None:
        return ()
    blocks = container.story_blocks(placed, HeaderFields(headline=headline))
    return tuple(block.resolved(url) for block in blocks)


class _Search:
    def __init__(self, names: set[str], rows: dict[str, Any]) -> None:
        self._names, self._rows = names, rows
        self._entities: dict[str, Any] = {}
        self._inner, self._left = _MAX_INNER, _MAX_MARKUP
        #: By `id` of a dict: the dict that it is a value of.
        self._above: dict[int, dict[str, Any]] = {}

    def largest(self, documents: list[Any]) -> str | None:
        """Return the markup of the largest story beside one of the headlines."""
        best, most = None, _MIN_STORY - 1
        for number, story in enumerate(self._named(documents)):
            if number == _MAX_STORIES:
                break
            for around in self._around(story):
                for length, markup in self._texts(around):
                    if length > most:
                        best, most = markup, length
                if best:
                    break
        return best

    def _around(self, story: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield a dict that has a headline, and the nearest ones that it is a value of: the text may be in these."""
        for _ in range(_MAX_AROUND + 1):
            yield story
            if (above := self._above.get(id(story))) is None:
                return
            story = above

    def _named(self, documents: list[Any]) -> Iterator[dict[str, Any]]:
        """Yield the dicts, in any document, that have one of the headlines."""
        waiting, seen, left = deque(documents), set[int](), _MAX_NODES
        while waiting and left:
            node = self._resolved(waiting.popleft())
            left -= 1
            if not isinstance(node, dict | list) or id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, dict):
                if any(isinstance(key, str) and ":" in key for key in list(node)[:50]):
                    self._entities.update((key, one) for key, one in node.items() if isinstance(one, dict))
                if self._has_headline(node):
                    yield node
                for one in node.values():
                    if isinstance(one, dict):
                        self._above.setdefault(id(one), node)
            waiting.extend(node.values() if isinstance(node, dict) else node)

    def _has_headline(self, node: dict[str, Any]) -> bool:
        # Arc: {"headlines": {"basic": "..."}}; WordPress: {"title": {"rendered": "..."}}
        inner = (value.values() if isinstance(value, dict) and len(value) < 40 else (value,) for value in node.values())
        return any(isinstance(one, str) and self._is_headline(one) for values in inner for one in values)

    def _is_headline(self, value: str) -> bool:
        if len(value) not in _TITLE_LENGTHS:
            return False
        folded = fold(_TAGS.sub("", value)) if "<" in value else fold(value)
        return folded in self._names or any(
            len(folded) * 2 > len(name) and latin_length(folded) >= 12 and name.startswith(folded)
            for name in self._names
        )

    def _texts(self, story: dict[str, Any]) -> Iterator[tuple[int, str]]:
        """Yield the texts of a story, each with its length and as markup."""
        waiting: deque[tuple[Any, int]] = deque([(story, 0)])
        seen, left = set[int](), _MAX_STORY_NODES
        while waiting and left and self._left > 0:
            node, depth = waiting.popleft()
            node = self._resolved(node)
            left -= 1
            if isinstance(node, str):
                if (found := self._text_of(node)) is not None:
                    yield found
                continue
            if not isinstance(node, dict | list) or id(node) in seen or depth > _MAX_DEPTH:
                continue
            seen.add(id(node))
            if isinstance(node, dict):
                is_other = depth > 0 and block_lists.is_of_stories([node]) and not self._has_headline(node)
                if not is_other:
                    waiting.extend((one, depth + 1) for key, one in node.items() if not _NOT_STORIES.search(str(key)))
            elif node[:1] != ["$"] and not block_lists.is_of_stories(node):
                resolved = [self._resolved(one) for one in node]
                if sum(isinstance(one, dict | str) for one in resolved) >= 1:
                    markup = block_lists.markup_of(resolved)
                    self._left -= len(markup) + len(resolved)
                    yield latin_length(_plain(markup)), markup
                waiting.extend((one, depth + 1) for one in resolved)
            elif node[:1] == ["$"]:
                waiting.extend((one, depth + 1) for one in node[3:])

    def _text_of(self, value: str) -> tuple[int, str] | None:
        if len(value) < _MIN_STORY // 3:
            return None
        markup = block_lists.markup_of_text(value)
        plain = _plain(markup)
        self._left -= len(markup)
        # A token, an address or a style has no words.
        has_words = " " in plain[:200] or latin_length(plain) > 2 * len(plain)
        return (latin_length(plain), markup) if has_words else None

    def _resolved(self, node: Any) -> Any:
        """Return what a value refers to, or is the JSON of; any other value as it is."""
        if isinstance(node, str):
            if node[:1] == "$":
                return flight.referred(node, self._rows)
            if node[:2] in ('{"', "[{", '["') and len(node) > _MIN_STORY and self._inner:
                self._inner -= 1
                try:
                    return json.loads(node, strict=False)
                except (ValueError, RecursionError):
                    return node
        elif isinstance(node, dict) and len(node) <= 4:
            name = node.get("__ref") or (node.get("id") if node.get("type") == "id" else None)
            if isinstance(name, str):
                return self._entities.get(name, node)
        return node


def _plain(markup: str) -> str:
    return collapse(_TAGS.sub(" ", markup))

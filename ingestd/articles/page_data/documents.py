"""The data in a page's scripts, as documents of dicts, lists and strings."""

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from ingestd.articles.page_data import literals

_SCRIPTS = etree.XPath("//script[not(@src)]")
#: Characters of one script, and of all, that are read; a story's data has a few hundred thousand.
_MAX_SCRIPT, _MAX_ALL = 6_000_000, 12_000_000
_MIN_SCRIPT = 200
#: Assignments in one script that are read.
_MAX_ASSIGNED = 30
_ASSIGNED = re.compile(
    r"(?:(?:window|self|globalThis|Fusion)(?:\.|\[[\"'])[A-Za-z_$][\w$]{2,60}(?:[\"']\])?|\b__[A-Z][A-Z_]{2,40}__)"
    r"\s*=\s*(?=[{\[\"(]|JSON\.parse|function)"
)


def scripts_of(root: etree._Element) -> list[etree._Element]:
    """Return the page's scripts that are long enough to hold a story and not too long to be read."""
    found, left = [], _MAX_ALL
    for script in _SCRIPTS(root):
        text = script.text or ""
        length = len(text)
        # Flight data comes in many scripts, some of them short.
        if (length >= _MIN_SCRIPT or "__next_f" in text) and length <= min(_MAX_SCRIPT, left):
            found.append(script)
            left -= length
    return found


def documents_of(script: etree._Element) -> Iterator[Any]:
    """Return the documents in a script: itself, if it is JSON, or the values that it assigns to global names."""
    text = script.text or ""
    if "json" in (script.get("type") or "").lower():
        document = _loaded(text)
        is_flat = script.get("id") == "__NUXT_DATA__" and isinstance(document, list)
        yield _revived(document) if is_flat else document
        return
    end = 0
    for number, match in enumerate(_ASSIGNED.finditer(text)):
        if number == _MAX_ASSIGNED:
            return
        if match.start() >= end:
            yield literals.value_at(text, match.end())
            end = match.end()


def _loaded(text: str) -> Any:
    try:
        return json.loads(text.strip().removeprefix("<!--").removesuffix("-->"), strict=False)
    except (ValueError, RecursionError):
        return None


def _revived(flat: list[Any]) -> Any:
    """Return what Nuxt 3 writes as a flat list, in which each number in a list or dict is the index of its value."""
    made: list[Any] = [{} if isinstance(one, dict) else [] if isinstance(one, list) else one for one in flat]

    def value(index: Any) -> Any:
        return made[index] if isinstance(index, int) and 0 <= index < len(made) else None

    for one, shell in zip(flat, made, strict=True):
        if isinstance(one, dict):
            shell.update((key, value(index)) for key, index in one.items())
        elif isinstance(one, list):
            is_wrapped = bool(one) and isinstance(one[0], str)  # ["ShallowReactive", 1]
            shell.extend(value(index) for index in (one[1:] if is_wrapped else one))
    return made

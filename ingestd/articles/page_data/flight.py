"""Flight data of React's server components, as Next.js writes it: `self.__next_f.push([1,"..."])`.

The strings of all pushes make one stream of rows: an id, a colon, and JSON up to the line end, or, behind "T", the
length of a text in hexadecimal bytes, a comma, and the text.  A string "$1a" in a row refers to the row of that id.
"""

import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

_PUSH = re.compile(
    r"__next_f\s*(?:=[^;]{0,60})?\)?\s*\.push\(\s*\[\s*1\s*,\s*(\"(?:[^\"\\]|\\.)*+\")\s*\]\s*\)", re.DOTALL
)
_ROW = re.compile(rb"([0-9a-f]{0,8}):")
_TEXT = re.compile(rb"T([0-9a-f]{1,7}),")
_REFERENCE = re.compile(r"\$[L@]?([0-9a-f]{1,8})")
_MAX_ROWS = 20_000
#: Nested elements and references that are followed, and elements in all.
_MAX_DEPTH, _MAX_NODES = 150, 100_000
_TAG = re.compile(r"[a-z][a-z0-9]{0,20}")
_VOID = frozenset(("br", "hr", "img", "input", "link", "meta", "source", "wbr"))
_ATTRIBUTES = {"className": "class", "id": "id", "href": "href", "role": "role", "dateTime": "datetime", "alt": "alt"}


def rows_of(scripts: Iterable[str]) -> dict[str, Any]:
    """Return the rows of a page's flight data by id: text, or what JSON says; rows of other kinds are left out."""
    stream = "".join(text for script in scripts for text in _pushed(script)).encode("utf-8", "replace")
    rows: dict[str, Any] = {}
    at = 0
    while at < len(stream) and len(rows) < _MAX_ROWS:
        row = _ROW.match(stream, at)
        if row is None:
            at = stream.find(b"\n", at) + 1 or len(stream)
            continue
        name = row[1].decode()
        if text := _TEXT.match(stream, row.end()):
            at = text.end() + int(text[1], 16)
            rows[name] = stream[text.end() : at].decode("utf-8", "replace")
            continue
        end = stream.find(b"\n", row.end())
        end = len(stream) if end < 0 else end
        rows[name] = _json(stream[row.end() : end])
        at = end + 1
    return {name: row for name, row in rows.items() if row is not None}


def _pushed(script: str) -> Iterator[str]:
    for match in _PUSH.finditer(script):
        try:
            yield json.loads(match[1], strict=False)
        except ValueError:
            continue


def _json(row: bytes) -> Any:
    try:
        return json.loads(row, strict=False) if row[:1] in (b"[", b"{", b'"') else None
    except (ValueError, RecursionError):
        return None


def referred(value: Any, rows: dict[str, Any]) -> Any:
    """Return the row that a string refers to; any other value as it is."""
    if isinstance(value, str) and value[:1] == "$" and (match := _REFERENCE.fullmatch(value)):
        return rows.get(match[1])
    return value


def markup_of(rows: dict[str, Any]) -> str:
    """Return the markup of the elements in the rows: `["$", "p", null, {"children": "..."}]`."""
    writer = _Writer(rows)
    for row in rows.values():
        if isinstance(row, list):
            writer.write(row, 0, root=True)
    return "".join(writer.parts)


class _Writer:
    def __init__(self, rows: dict[str, Any]) -> None:
        self.parts: list[str] = []
        self._rows, self._left, self._seen = rows, _MAX_NODES, set[int]()

    def write(self, node: Any, depth: int, *, root: bool = False) -> None:
        node = referred(node, self._rows)
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0 or node is None:
            return
        if isinstance(node, str):
            # "$$" is a dollar sign, "$undefined" and other marks are no text.
            if not root and depth and (node[:1] != "$" or node[:2] == "$$" or not node[1:2].isalpha()):
                self.parts.append(escape(node[1:] if node[:2] == "$$" else node, quote=False))
        elif isinstance(node, int | float) and not isinstance(node, bool):
            self.parts.append(str(node))
        elif isinstance(node, list) and id(node) not in self._seen:
            # A row that others refer to is written once.
            self._seen.add(id(node))
            if len(node) >= 4 and node[0] == "$" and isinstance(node[1], str):
                self._write_element(node[1], node[3] if isinstance(node[3], dict) else {}, depth)
            else:
                for one in node:
                    if not root or isinstance(one, list):
                        self.write(one, depth + 1)

    def _write_element(self, name: str, props: dict[str, Any], depth: int) -> None:
        is_tag = _TAG.fullmatch(name) is not None
        if is_tag:
            given = "".join(
                f' {_ATTRIBUTES[key]}="{escape(value)}"'
                for key, value in props.items()
                if key in _ATTRIBUTES and isinstance(value, str)
            )
            self.parts.append(f"<{name}{given}>")
        inner = props.get("dangerouslySetInnerHTML")
        if isinstance(inner, dict) and isinstance(html := referred(inner.get("__html"), self._rows), str):
            self.parts.append(html)
        for key, value in props.items():
            if key == "children" or (not is_tag and isinstance(value, list) and value[:1] == ["$"]):
                self.write(value, depth + 1)
        if is_tag and name not in _VOID:
            self.parts.append(f"</{name}>")

"""Parse values of JavaScript: object literals, and calls such as `(function(a,b){return {...}}(1,"x"))`."""

import json
import re
from typing import Any

#: A value that takes more tokens, or nests deeper, is left out.
_MAX_TOKENS = 400_000
_MAX_DEPTH = 100

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|`(?:[^`\\]|\\.)*+`)"""
    r"""|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<name>[A-Za-z_$][\w$]*)|(?P<mark>[{}\[\](),:;!=.]))""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\n)|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_NAMES = {"true": True, "false": False, "null": None, "undefined": None, "NaN": None, "Infinity": None}
_CALL = re.compile(r"\s*\(?\s*function\s*\(([\w$,\s]*)\)\s*\{\s*return\s*|\s*\(?\s*\(([\w$,\s]*)\)\s*=>\s*\(?\s*")
_PARSE = re.compile(r"\s*JSON\.parse\(\s*(?:decodeURIComponent\(\s*)?")


class _Unreadable(ValueError):
    pass


def value_at(script: str, at: int) -> Any:
    """Return the value that is written at a position of a script; None when it cannot be read."""
    try:
        if parse := _PARSE.match(script, at):
            written = _Parser(script, parse.end(), {}).value()
            return json.loads(written, strict=False) if isinstance(written, str) else None
        if call := _CALL.match(script, at):
            return _called(script, call)
        try:
            return json.JSONDecoder(strict=False).raw_decode(script, at)[0]
        except ValueError:
            return _Parser(script, at, {}).value()
    except (ValueError, RecursionError):
        return None


def _called(script: str, call: re.Match[str]) -> Any:
    """Return what a function returns that is called where it is written, as Nuxt 2 does for values that occur twice."""
    names = [name.strip() for name in (call[1] or call[2] or "").split(",")]
    # The arguments stand behind the value, which is read twice: first to find its end.
    end = _Parser(script, call.end(), {}).skipped()
    arguments = _Parser(script, end, {})
    while arguments.mark() in (")", "}", ";"):
        arguments.take()
    values = arguments.sequence(")") if arguments.mark() == "(" else []
    return _Parser(script, call.end(), dict(zip(names, values, strict=False))).value()


class _Parser:
    def __init__(self, script: str, at: int, names: dict[str, Any]) -> None:
        self._script, self._at, self._names, self._left = script, at, names, _MAX_TOKENS

    def _next(self) -> re.Match[str]:
        found = _TOKEN.match(self._script, self._at)
        self._left -= 1
        if found is None or not self._left:
            raise _Unreadable
        return found

    def mark(self) -> str:
        return self._next()["mark"] or ""

    def take(self) -> re.Match[str]:
        found = self._next()
        self._at = found.end()
        return found

    def skipped(self) -> int:
        self.value()
        return self._at

    def sequence(self, end: str, depth: int = 0) -> list[Any]:
        """Return the values up to a closing mark, behind the opening one."""
        self.take()
        found: list[Any] = []
        while (mark := self.mark()) != end:
            if mark == ",":
                self.take()
            else:
                found.append(self.value(depth + 1))
        self.take()
        return found

    def value(self, depth: int = 0) -> Any:
        if depth > _MAX_DEPTH:
            raise _Unreadable
        mark = self.mark()
        if mark == "{":
            return self._object(depth)
        if mark == "[":
            return self.sequence("]", depth)
        token = self.take()
        if token["string"] is not None:
            return _unescaped(token["string"][1:-1])
        if token["number"] is not None:
            return float(token["number"])
        if mark == "!":
            return not self.value(depth + 1)
        if token["name"] is None:
            raise _Unreadable
        return self._named(token["name"], depth)

    def _named(self, name: str, depth: int) -> Any:
        if name == "void":
            self.value(depth + 1)
            return None
        if name == "new":
            name = self.take()["name"] or ""
        found = self._names.get(name, _NAMES.get(name))
        while (mark := self.mark()) in (".", "("):
            if mark == "(":
                inner = self.sequence(")", depth)
                found = inner[0] if inner else None
            else:
                self.take()
                self.take()
        return found

    def _object(self, depth: int) -> dict[str, Any]:
        self.take()
        found: dict[str, Any] = {}
        while (mark := self.mark()) != "}":
            if mark == ",":
                self.take()
                continue
            key = self.take()
            name = _unescaped(key["string"][1:-1]) if key["string"] is not None else key["name"] or key["number"]
            if name is None or self.take()["mark"] != ":":
                raise _Unreadable
            found[name] = self.value(depth + 1)
        self.take()
        return found


def _unescaped(written: str) -> str:
    if "\\" not in written:
        return written
    text = _ESCAPE.sub(_character, written)
    # Halves of a surrogate pair are escaped one by one.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(match: re.Match[str]) -> str:
    if digits := match[1] or match[2] or match[3]:
        number = int(digits, 16)
        return chr(number) if number < 0x110000 else ""
    return "" if match[4] else _ESCAPED.get(match[5], match[5])

"""Read and check the parts of a request: query, path and body."""

import asyncio
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, get_origin

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.route import Route

#: Seconds that a sender has for a body in JSON.
_BODY_TIMEOUT = 10.0

#: Errors that one answer lists.
_MAX_ERRORS = 20

#: The parameter of every route that has `withheld`.
INCLUDE_WITHHELD = "include_withheld"


def query_of(route: Route, request: web.Request) -> tuple[BaseModel, bool]:
    """Return the query of a request, and whether it asks for what is withheld; raises Problem."""
    given: dict[str, Any] = {}
    for name, value in request.query.items():
        _refuse_unstorable(name + value, "the query")
        given.setdefault(name, []).append(value)
    withheld = _included(given.pop(INCLUDE_WITHHELD, ["false"])) if route.withheld else False
    names = (*_fields(route.query), *((INCLUDE_WITHHELD,) if route.withheld else ()))
    if unknown := sorted(given.keys() - names):
        raise Problem(400, f"there is no parameter {unknown[0]!r}; {_valid(names)}")
    for name, values in given.items():
        if not _is_list(route.query, name):
            if len(values) > 1:
                raise Problem(400, f"{name} is given {len(values)} times; give it once")
            given[name] = values[0]
    return _checked(route.query, given, 400), withheld


def path_of(route: Route, request: web.Request) -> BaseModel:
    """Return the parameters in the path of a request; raises Problem."""
    for value in request.match_info.values():
        if "\0" in value or not _is_unicode(value):
            raise Problem(404, f"there is nothing at {request.rel_url.raw_path}")
    return _checked(route.parameters, dict(request.match_info), 404)


async def body_of(route: Route, request: web.Request) -> BaseModel | None:
    """Return the body of a request, None if the route has none; raises Problem."""
    if route.body is None:
        return None
    if request.content_type != "application/json":
        raise Problem(415, "the body must be JSON: send it with Content-Type: application/json")
    content = _json_of(await _bytes_of(request, route.max_body))
    try:
        body = route.body.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise _problem(error, 422) from error
    _refuse_unstorable(_texts(body.model_dump()), "the body")
    return body


def _json_of(content: bytes) -> str:
    """Return JSON in which whole numbers have no fraction: 5.0 is a whole number in JSON Schema, and not to pydantic.

    Raises Problem if it is no JSON.
    """
    try:
        return json.dumps(json.loads(content, parse_float=_whole, parse_constant=_refuse_constant))
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body is no JSON: {error}") from error


def _whole(text: str) -> float | int:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return int(number) if number.is_integer() else number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


async def _bytes_of(request: web.Request, most: int) -> bytes:
    chunks, size = [], 0
    try:
        async with asyncio.timeout(_BODY_TIMEOUT):
            async for chunk in request.content.iter_any():
                chunks.append(chunk)
                size += len(chunk)
                if size > most:
                    raise Problem(413, f"the body has more than {most} bytes")
    except TimeoutError as error:
        raise Problem(408, f"the body did not arrive within {_BODY_TIMEOUT:.0f} s") from error
    return b"".join(chunks)


def _checked(model: type[BaseModel], given: Mapping[str, Any], status: int) -> BaseModel:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _problem(error, status) from error


def _problem(error: ValidationError, status: int) -> Problem:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:_MAX_ERRORS]
    listed = [{"name": _name(one), "detail": _words(one)} for one in found]
    detail = "; ".join(f"{one['name']} {one['detail']}".strip() for one in listed)
    return Problem(status, detail, errors=listed)


def _name(error: ErrorDetails) -> str:
    return ".".join(str(part) for part in error["loc"])


def _words(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "extra_forbidden":
        return "is not known here"
    return error["msg"].removeprefix("Input ").removeprefix("Value error, ")


def _included(values: list[str]) -> bool:
    if len(values) > 1 or values[0] not in ("true", "false"):
        raise Problem(400, f"{INCLUDE_WITHHELD} must be true or false")
    return values[0] == "true"


def _valid(names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"valid are {known}" if known else "this path takes none"


def _is_list(model: type[BaseModel], name: str) -> bool:
    return get_origin(_fields(model)[name].annotation) in (list, tuple)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by the names that clients use."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _refuse_unstorable(text: str, where: str) -> None:
    if "\0" in text:  # PostgreSQL accepts none in text
        raise Problem(400, f"{where} contains a NUL character")
    if not _is_unicode(text):
        raise Problem(400, f"{where} is not valid Unicode")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _texts(value: object) -> str:
    """Return all texts in a value, joined."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "".join(str(key) + _texts(one) for key, one in value.items())
    if isinstance(value, list | tuple):
        return "".join(map(_texts, value))
    return ""

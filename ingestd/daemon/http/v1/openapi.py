"""The description of the API in OpenAPI 3.1, written from the table of routes."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from ingestd import __version__
from ingestd.daemon.http.v1 import problems
from ingestd.daemon.http.v1.reading import INCLUDE_WITHHELD
from ingestd.daemon.http.v1.route import Route

_REFERENCE = "#/components/schemas/{model}"

#: What a caller of a route needs, in words and as OpenAPI's security requirements.
_BEARER: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
_NEEDS: dict[str, tuple[str, list[dict[str, list[str]]]]] = {
    "open": ("", []),
    "inbox": ("Needs `inbox_token`, or `api_token` if that is not set.", [{"token": []}]),
    "read": ("", _BEARER),
    "operate": ("Needs the role `operate`.", _BEARER),
    "admin": ("Needs the role `admin`.", _BEARER),
}

#: Statuses of errors of all routes, and of those that have a body in JSON.
_ERRORS, _BODY_ERRORS = (400, 401, 403, 404, 429, 503), (408, 413, 415, 422)

_ABOUT = """\
What ingestd knows, and what an operator does with it. Requests need a token, `Authorization: Bearer TOKEN`; if none \
is set, only requests from this host are answered. Errors are problem documents (RFC 9457).

What is withheld, embargoed or killed is left out, unless a caller with the role `admin` asks for it with \
`include_withheld=true`, which is logged."""

_PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457). Types may have members of their own.",
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "The type of the error."},
        "title": {"type": "string", "description": "The type in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened, and what to do."},
    },
    "required": ["type", "title", "status", "detail"],
}


@lru_cache(maxsize=4)
def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """Return the description of routes; two answers must not share a name."""
    schemas, definitions = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ingestd",
            "version": __version__,
            "summary": "The API of the news ingestion daemon",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM, **definitions},
            "responses": _problem_responses(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`api_token`, or one of `ingestd tokens`.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "ingestd_session",
                    "description": "The session of a browser that is logged in on the status page.",
                },
            },
        },
    }


Schemas = dict[tuple[Route, JsonSchemaMode], Any]


def _schemas(routes: Iterable[Route]) -> tuple[Schemas, dict[str, Any]]:
    """Return the schemas of bodies and answers by route, and the definitions that they refer to."""
    inputs: list[tuple[Route, JsonSchemaMode, TypeAdapter[Any]]] = []
    for route in routes:
        if route.body is not None:
            inputs.append((route, "validation", TypeAdapter(route.body)))
        if route.answer is not None:
            inputs.append((route, "serialization", TypeAdapter(route.answer)))
    found, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REFERENCE)
    return {key: _plain(schema) for key, schema in found.items()}, _plain(definitions.get("$defs", {}))


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    needs, security = _NEEDS[route.role]
    operation: dict[str, Any] = {
        "operationId": operation_id(route),
        "tags": [route.tag],
        "summary": route.summary.rstrip("."),
        "description": "\n\n".join(filter(None, (route.description, needs))),
        "security": security,
        "parameters": [*_parameters(route.parameters, "path"), *_parameters(route.query, "query"), *_withheld(route)],
        "responses": _responses(route, schemas),
    }
    if route.body is not None:
        content = {"application/json": {"schema": schemas[route, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    elif route.takes is not None:
        operation["requestBody"] = {"required": True, "content": {route.takes: {}}}
    return {name: value for name, value in operation.items() if value or name == "security"}


def operation_id(route: Route) -> str:
    """Return the name of a route for generated clients: `get_records_by_id` for `/v1/records/{id}`."""
    parts = [part for part in route.path.removeprefix("/v1").split("/") if part]
    words = [f"by_{part[1:-1]}" if part.startswith("{") else part for part in parts]
    return "_".join((route.method.lower(), *words)).replace("-", "_").replace(".", "_")


def _parameters(model: type[BaseModel], place: str) -> list[dict[str, Any]]:
    schema = _plain(model.model_json_schema(ref_template=_REFERENCE))
    required = set(schema.get("required", ()))
    found = []
    for name, one in schema.get("properties", {}).items():
        about = one.pop("description", None)
        parameter = {"name": name, "in": place, "required": name in required or place == "path", "schema": _given(one)}
        found.append({**parameter, "description": about} if about else parameter)
    return found


def _withheld(route: Route) -> list[dict[str, Any]]:
    if not route.withheld:
        return []
    about = "Whether to show what is withheld, embargoed or killed: needs the role `admin`, and is logged."
    schema = {"type": "boolean", "default": False}
    return [{"name": INCLUDE_WITHHELD, "in": "query", "required": False, "schema": schema, "description": about}]


def _responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "The answer."}
    if route.status != 204:
        schema = schemas.get((route, "serialization"))
        answer["content"] = {one: {"schema": schema} if schema is not None else {} for one in route.media_types}
    responses = {str(status): answer for status in sorted((route.status, *route.also))}
    if route.cacheable:
        answer["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Changes with the answer."}}
        responses["304"] = {"description": "The answer is still the one of the ETag in If-None-Match."}
    named = {
        str(status): {"$ref": f"#/components/responses/{problems.TYPES[status][0]}"} for status in errors_of(route)
    }
    return responses | named


def _problem_responses() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, (name, title) in problems.TYPES.items():
        content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        found[name] = {"description": f"{title}.", "content": content}
        if status in (429, 503):
            about = {"schema": {"type": "integer"}, "description": "Seconds until it may be tried again."}
            found[name]["headers"] = {"Retry-After": about}
    return found


def errors_of(route: Route) -> list[int]:
    """Return the statuses of the errors that a route can answer with."""
    found = {*_ERRORS, *route.errors, *(_BODY_ERRORS if route.body else ())}
    return sorted(found - {401} if route.role == "open" else found)


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter that is given: None only says that it may be left out."""
    options = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    found = {name: value for name, value in schema.items() if name != "anyOf"}
    if len(options) == 1:
        found |= options[0]
    elif options:
        found["anyOf"] = options
    return {name: value for name, value in found.items() if not (name == "default" and value in (None, []))}


def _plain(schema: Any) -> Any:
    """Return a schema without the titles that pydantic makes of names."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {key: _plain(one) for key, one in value.items()} if name == "properties" else _plain(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }

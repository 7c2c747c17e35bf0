"""Render the description of the API as one page without scripts."""

import re
from typing import Any

from markupsafe import Markup, escape

from ingestd.daemon.pages.rendering import TEMPLATES

_CODE = re.compile(r"`([^`]+)`")

#: Characters of a list of values that a type is shown with.
_MAX_VALUES = 400


def render_api(document: dict[str, Any]) -> str:
    """Return the page of an OpenAPI document that `daemon.http.v1.openapi` wrote."""
    tags: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tags[operation["tags"][0]].append({"path": path, "method": method.upper(), **operation})
    page = TEMPLATES.get_template("api.html")
    return page.render(document=document, tags=tags, type_of=type_of, prose=prose)


def prose(text: str) -> Markup:
    """Return text with its paragraphs and its words in backticks as HTML."""
    paragraphs = (_CODE.sub(r"<code>\1</code>", str(escape(one))) for one in text.split("\n\n"))
    return Markup("").join(Markup("<p>{}</p>").format(Markup(one)) for one in paragraphs)  # noqa: S704 - escaped above


def type_of(schema: dict[str, Any]) -> Markup:
    """Return a schema in words, with links to the schemas that it names."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return Markup(" or ").join(type_of(one) for one in schema[word])
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return escape(" | ".join(f'"{one}"' for one in values)[:_MAX_VALUES])
    kind = schema.get("type", "anything")
    if kind == "array":
        return Markup("array of {}").format(type_of(schema.get("items", {})))
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return Markup("object of {}").format(type_of(schema["additionalProperties"]))
    words = [" or ".join(kind) if isinstance(kind, list) else kind, *([schema["format"]] if "format" in schema else [])]
    return escape(", ".join((*words, *_bounds(schema))))


def _bounds(schema: dict[str, Any]) -> list[str]:
    names = {
        "minimum": "from", "maximum": "to", "minLength": "at least", "maxLength": "at most", "default": "default",
    }  # fmt: skip
    unit = {"minLength": " characters", "maxLength": " characters"}
    return [f"{word} {schema[name]}{unit.get(name, '')}" for name, word in names.items() if name in schema]

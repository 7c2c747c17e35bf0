import ast
import inspect
import pickle
import re
from pathlib import Path

import pytest

from ingestd import errors
from ingestd.errors import FetchError, Gone, IngestError, Refused

EVERY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, IngestError)]

ERROR_NAMES = {kind.__name__ for kind in EVERY}

PACKAGE = Path(__file__).parent.parent / "ingestd"


def an_error_of(kind: type[IngestError]) -> IngestError:
    if kind.__init__ is IngestError.__init__:
        return kind("what went wrong")
    given = {"url": "https://news.example/", "status": 429, "reason": "no route", "retry_after": 120.0}
    return kind(*(given.get(name, name) for name in inspect.signature(kind).parameters))


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_survives_pickling(kind: type[IngestError]) -> None:
    error = an_error_of(kind)

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is kind
    assert copy.args == error.args
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_has_a_fate(kind: type[IngestError]) -> None:
    assert kind.fate in ("later", "never")


def test_the_drawn_tree_matches_the_classes() -> None:
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r" {4}([│ ]*(?:[├└]── )?)([A-Z]\w+)(?:  |$)", line):
            del path[len(match[1]) // 4 :]
            drawn[match[2]] = path[-1] if path else "Exception"
            path.append(match[2])

    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in EVERY}


def test_refused_has_the_status_and_retry_after() -> None:
    error = Refused("https://news.example/feed", 429, retry_after=120)

    assert str(error) == "https://news.example/feed: HTTP 429"
    assert (error.url, error.status, error.retry_after) == ("https://news.example/feed", 429, 120)
    assert isinstance(error, FetchError)


def test_410_is_never_retried_and_503_is() -> None:
    assert Gone("https://news.example/feed", 410).fate == "never"
    assert Refused("https://news.example/feed", 503).fate == "later"


def test_a_name_is_that_of_one_error() -> None:
    """Metrics and failures name an error by its class."""
    names: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and any("Error" in base or base in ERROR_NAMES for base in bases(node)):
                names.setdefault(node.name, []).append(path.name)

    assert len(names) > len(EVERY)
    assert {name: paths for name, paths in names.items() if len(paths) > 1} == {}


def bases(node: ast.ClassDef) -> list[str]:
    return [base.id for base in node.bases if isinstance(base, ast.Name)]

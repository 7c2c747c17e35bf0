"""ingestd: an async ingestion daemon for news and wire services.

    from ingestd import clean, fetch, parse

    article = clean(fetch("https://news.example/stories/1"))

`clean_async`, `fetch_async` and `parse_async` are for code that runs on an event loop.
"""

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it: `typing` alone takes longer to import than the help does to print
if TYPE_CHECKING:
    from typing import Any

    from ingestd.library.clean import clean, clean_async
    from ingestd.library.fetch import fetch, fetch_async
    from ingestd.library.parse import parse, parse_async

__version__ = "0.1.0"

__all__ = ["__version__", "clean", "clean_async", "fetch", "fetch_async", "parse", "parse_async"]


def __getattr__(name: str) -> "Any":
    """Import a function of the library when it is first asked for: `import ingestd` alone stays light."""
    if name not in __all__:
        raise AttributeError(f"module 'ingestd' has no attribute {name!r}")
    function = getattr(import_module(f"ingestd.library.{name.removesuffix('_async')}"), name)
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    """Return the names of the module, with those of the library."""
    return sorted({*globals(), *__all__})

"""A cache for functions of short texts that documents repeat: names, codes, languages."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
#: A longer text is not kept: a cache of megabytes that strangers send would fill the memory of a worker.
LONGEST = 200


def cached_if_short(maxsize: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache the last `maxsize` results of a function whose arguments are texts or None, each at most `LONGEST` long."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        kept: Callable[..., T] = lru_cache(maxsize)(function)

        @wraps(function)
        def call(*args: P.args, **options: P.kwargs) -> T:
            short = all(text is None or len(text) <= LONGEST for text in (*args, *options.values()))  # type: ignore[arg-type]
            return kept(*args, **options) if short else function(*args, **options)

        call.cache_info = kept.cache_info  # type: ignore[attr-defined]
        return call

    return decorate

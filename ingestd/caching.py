"""A cache for functions of short texts that documents repeat: names, codes, languages."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
#: Characters.  A longer text is not kept: a cache of megabytes that strangers send would fill the memory of a worker.
LONGEST = 200


def cached_if_short(maxsize: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache the last `maxsize` results of a function whose arguments are texts or None, each at most `LONGEST` long."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        cached = lru_cache(maxsize)(function)
        kept: Callable[..., T] = cached

        @wraps(function)
        def call(*args: P.args, **options: P.kwargs) -> T:
            texts = cast("tuple[str | None, ...]", (*args, *options.values()))
            short = all(text is None or len(text) <= LONGEST for text in texts)
            return kept(*args, **options) if short else function(*args, **options)

        call.cache_info = cached.cache_info  # type: ignore[attr-defined]  # as `lru_cache` has it
        return call

    return decorate

"""Caches of texts that strangers send."""

from collections.abc import Callable
from typing import Any

import pytest

from ingestd.articles.witnesses import headlines
from ingestd.caching import LONGEST, cached_if_short
from ingestd.formats.common import concepts, publication_status
from ingestd.formats.ninjs import keys
from ingestd.model import language_tags
from ingestd.policy.wire import embargo_clock, version_order


def test_short_texts_are_looked_up_once() -> None:
    asked = []

    @cached_if_short(2)
    def length(text: str, other: str | None = None) -> int:
        asked.append((text, other))
        return len(text)

    assert [length("a"), length("a"), length("a", None), length("a", other="b")] == [1, 1, 1, 1]
    assert asked == [("a", None), ("a", None), ("a", "b")]


@pytest.mark.parametrize(
    ("function", "others"),
    [
        (language_tags.language_tag, ()),
        (headlines.letters, ()),
        (publication_status.code_of, ()),
        (concepts._resolve_with_iptc_schemes, (None, None, None, None)),
        (keys._fold, ()),
        (keys._field_and_role, ()),
        (version_order._numbers, ()),
        (embargo_clock._zone, ()),
        (embargo_clock._zone_info, ()),
    ],
)
def test_long_texts_are_not_kept(function: Callable[..., Any], others: tuple[None, ...]) -> None:
    before = function.cache_info().currsize  # type: ignore[attr-defined]

    function("x" * (LONGEST + 1), *others)

    assert function.cache_info().currsize == before  # type: ignore[attr-defined]

"""The sketches of texts that were used last."""

from collections import OrderedDict
from collections.abc import Iterable

from ingestd.likeness.placement import TextKey
from ingestd.likeness.sketch import Sketch

#: Sketches that are kept, and their tokens, of 70 bytes each with their text: with 150,000 tokens, a process that
#: places has 7 MB more.
_MOST_SKETCHES, _MOST_TOKENS = 1_000, 60_000


class BatchSketches:
    """The sketches that one batch has asked for: as many as it needs; the bounded ones are beside it."""

    def __init__(self, kept: "Sketches") -> None:
        self._kept = kept
        self._own: dict[TextKey, Sketch] = {}
        #: Texts that were looked for and are gone.
        self.gone: set[TextKey] = set()

    def get(self, key: TextKey) -> Sketch | None:
        """Return the sketch of a text, None: it is not made yet, or its text is gone."""
        found = self._own.get(key)
        if found is None and (found := self._kept.get(key)) is not None:
            self._own[key] = found
        return found

    def put(self, key: TextKey, made: Sketch) -> None:
        """Keep a sketch."""
        self._own[key] = made
        self._kept.put(key, made)

    def missing(self, keys: Iterable[TextKey]) -> list[TextKey]:
        """Return those of some texts whose sketches have to be made."""
        return [key for key in keys if key not in self.gone and self.get(key) is None]


class Sketches:
    """The sketches used last, by text; texts do not change."""

    def __init__(self) -> None:
        self._kept: OrderedDict[TextKey, Sketch] = OrderedDict()
        self._tokens = 0

    def get(self, key: TextKey) -> Sketch | None:
        """Return the sketch of a text, None: it is not kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: TextKey, made: Sketch) -> None:
        """Keep a sketch, and drop those that were not used for longest."""
        if key not in self._kept:
            self._tokens += len(made.tokens)
        self._kept[key] = made
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and (len(self._kept) > _MOST_SKETCHES or self._tokens > _MOST_TOKENS):
            self._tokens -= len(self._kept.popitem(last=False)[1].tokens)

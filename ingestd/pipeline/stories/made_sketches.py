"""Sketches that were made in worker processes, until their texts are placed."""

from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

#: Bytes of sketches that are kept: some 500 texts of news.
_MOST = 8 * 2**20


class MadeSketches:
    """Packed sketches by text, at most `most` bytes of them; the oldest are dropped.

    It has what its process has extracted and not placed.  Any other sketch, such as that of a text that was saved
    before a restart or by another process, is made again from the stored text.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        #: The base of hashes for which sketches are made; None: it is not known yet, and none is made.
        self.base: int | None = None
        self._kept: OrderedDict[tuple[int, bytes], bytes] = OrderedDict()
        self._size = 0
        self._lock = Lock()  # the event loop puts, a thread takes

    def put(self, text: str, packed: bytes, base: int) -> None:
        """Keep the sketch of a text, made for a base."""
        key = base, _digest(text)
        with self._lock:
            self._size += len(packed) - len(self._kept.pop(key, b""))
            self._kept[key] = packed
            while self._size > self._most:
                self._size -= len(self._kept.popitem(last=False)[1])

    def take(self, text: str, base: int) -> bytes | None:
        """Return the sketch of a text for a base, and keep it no longer; None: there is none."""
        with self._lock:
            if not self._kept:
                return None
            packed = self._kept.pop((base, _digest(text)), None)
            self._size -= len(packed or b"")
            return packed


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

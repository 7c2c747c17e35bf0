"""Hashes of shingles as bytes, six each."""

from collections.abc import Iterable

_SIZE = 6


def pack(hashes: Iterable[int]) -> bytes:
    """Return hashes of 48 bits as bytes, in their order."""
    return b"".join(one.to_bytes(_SIZE, "little") for one in hashes)


def unpack(packed: bytes | None) -> list[int]:
    """Return packed hashes; none for None."""
    whole = packed or b""
    return [int.from_bytes(whole[place : place + _SIZE], "little") for place in range(0, len(whole), _SIZE)]

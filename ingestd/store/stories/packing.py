"""Short hashes of shingles (`likeness.arrays.shortened`) as bytes, three each.

numpy is imported on first use: the erasure of records needs this module, and a daemon without stories does without
the memory that numpy takes (`daemon.run`).
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestd.likeness.arrays import Hashes

_SIZE = 3


def pack(hashes: Iterable[int]) -> bytes:
    """Return short hashes as bytes, in their order."""
    return b"".join(one.to_bytes(_SIZE, "little") for one in hashes)


def unpack(packed: bytes | None) -> list[int]:
    """Return packed hashes; none for None."""
    whole = packed or b""
    return [int.from_bytes(whole[place : place + _SIZE], "little") for place in range(0, len(whole), _SIZE)]


def as_arrays(packed: Sequence[bytes]) -> "list[Hashes]":
    """Return packed hashes as arrays."""
    import numpy as np  # noqa: PLC0415

    narrow = np.frombuffer(b"".join(packed), np.uint8).reshape(-1, _SIZE)
    wide = np.zeros((len(narrow), 8), np.uint8)
    wide[:, :_SIZE] = narrow
    whole = wide.view("<u8").reshape(-1).astype(np.uint64, copy=False)
    ends = np.cumsum([len(one) // _SIZE for one in packed]).tolist()
    return [whole[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def as_bytes(hashes: "Hashes") -> bytes:
    """Return an array of short hashes as `pack` does."""
    import numpy as np  # noqa: PLC0415

    return hashes.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :_SIZE].tobytes()

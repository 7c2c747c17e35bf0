"""Frames: how the daemon and a worker talk over their socket, a length and then a pickle.

Pickle is safe here as both ends are this program; nothing from outside is unpickled.
"""

import io
import pickle
import struct
from typing import Any

#: The length of the pickle that follows, in bytes.
HEADER = struct.Struct("!Q")


def pack(value: object) -> bytes:
    """Return a value as one frame.

    Raises what pickle raises (PicklingError, TypeError, AttributeError) when it does not pickle.
    """
    frame = io.BytesIO()
    frame.write(bytes(HEADER.size))
    # Into its place at once: a frame may hold a large body, and putting a header before it would copy it.
    pickle.dump(value, frame, protocol=pickle.HIGHEST_PROTOCOL)
    size = frame.tell() - HEADER.size
    frame.seek(0)
    frame.write(HEADER.pack(size))
    return frame.getvalue()


def unpack(body: bytes | bytearray) -> Any:
    """Return the value of a frame's body."""
    return pickle.loads(body)  # noqa: S301 - written by `pack` at the other end


def length(header: bytes | bytearray) -> int:
    """Return the length of the body that follows a header."""
    (count,) = HEADER.unpack(header)
    return int(count)

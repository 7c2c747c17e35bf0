"""Frames on the socket between daemon and worker: a length, then a pickle.

Pickle is safe here: both ends are this program, and nothing from outside is unpickled.
"""

import io
import pickle
import struct
from typing import Any

#: The length of the pickle that follows, in bytes.
HEADER = struct.Struct("!Q")


def pack(value: object) -> bytes:
    """Return a value as one frame.

    Raises the error of pickle (PicklingError, TypeError or AttributeError) when the value cannot be pickled.
    """
    frame = io.BytesIO()
    frame.write(bytes(HEADER.size))
    # Pickled in place behind room for the header: prepending the header would copy a large body.
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

"""A sketch as bytes, to pass it from one process to another: 18 bytes a token, and its text."""

import struct

import numpy as np

from ingestd.likeness.sketch import Sketch, of_tokens

#: Tokens of a shingle, tokens of the text, and bytes of the text in UTF-8.
_HEAD = struct.Struct("<HII")


def pack(sketch: Sketch) -> bytes:
    """Return a sketch as bytes; what follows from its tokens is left out."""
    text = sketch.text.encode("utf-8", "surrogatepass")
    arrays = (sketch.starts, sketch.ends, sketch.tokens, sketch.facts)
    return b"".join(
        (_HEAD.pack(sketch.length, len(sketch.tokens), len(text)), *(one.tobytes() for one in arrays), text)
    )


def unpack(packed: bytes) -> Sketch:
    """Return the sketch that `pack` was given."""
    length, count, size = _HEAD.unpack_from(packed)
    places = np.frombuffer(packed, np.int32, 2 * count, _HEAD.size)
    behind = _HEAD.size + places.nbytes
    tokens = np.frombuffer(packed, np.uint64, count, behind)
    facts = np.frombuffer(packed, np.uint8, count, behind + tokens.nbytes)
    text = packed[len(packed) - size :].decode("utf-8", "surrogatepass")
    return of_tokens(text, starts=places[:count], ends=places[count:], tokens=tokens, facts=facts, length=length)

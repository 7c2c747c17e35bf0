"""Content-Encoding undone, never past a limit, and only what is complete.

aiohttp could do it as it reads, but takes gzip and br that end early for complete, and a feed cut in half
would pass for a whole one.
"""

import zlib
from collections.abc import Callable, Iterator

import brotli  # type: ignore[import-untyped]  # it ships no types
import zstandard

#: What we can decode, as an Accept-Encoding header says it.
ACCEPT_ENCODING = "gzip, deflate, br, zstd"

# Bytes to decode at a time: no step can overshoot the limit by more than this.
_STEP = 256 * 1024
# Here it is bytes to read: a block of 4 bytes may hold 128 KiB (RFC 8878, 3.1.1.2), so at most 4 MiB come out.
_ZSTD_STEP = 128
# A gzip body may be a chain of members (RFC 1952, 2.2), each of which costs a copy of what is left.
_MAX_MEMBERS = 256
# RFC 9659: more than 8 MiB of window is not for HTTP.
_MAX_WINDOW = 8 * 2**20


class DecodingError(Exception):
    """The body is damaged, or ends early; the text says in which coding."""


class OverLimit(Exception):
    """More bytes came out than the limit."""


def decode(body: bytes, coding: str, limit: int, *, cut: bool = False) -> Iterator[bytes]:
    """Yield a body as it was before a content coding (RFC 9110, 8.4.1), which is one of `CODINGS`, in pieces.

    With `cut` the first `limit` bytes will do.  Needs memory for a piece and a window, whatever the body expands to.
    Raises DecodingError when the body is damaged or ends early, OverLimit past `limit` bytes.
    """
    size = 0
    try:
        for piece in CODINGS[coding](body):
            size += len(piece)
            if size > limit and not cut:
                raise OverLimit
            yield piece[: len(piece) - max(0, size - limit)]
            if size >= limit and cut:
                return
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise DecodingError(f"damaged {coding}") from error


def _gzip(body: bytes) -> Iterator[bytes]:
    for _ in range(_MAX_MEMBERS):
        member = zlib.decompressobj(wbits=31)
        yield from _inflate(member, body, "gzip")
        body = member.unused_data
        # What follows and is no member is padding: browsers pass over it as well.
        if not body.startswith(b"\x1f\x8b"):
            return
    raise DecodingError("gzip of too many members")


def _deflate(body: bytes) -> Iterator[bytes]:
    # Meant is zlib's format (RFC 1950), whose first byte ends in 8; some servers send the bare stream.
    wbits = zlib.MAX_WBITS if body[0] & 0x0F == 8 else -zlib.MAX_WBITS
    return _inflate(zlib.decompressobj(wbits=wbits), body, "deflate")


def _inflate(stream: "zlib._Decompress", body: bytes, coding: str) -> Iterator[bytes]:
    while not stream.eof:
        piece = stream.decompress(body, _STEP)
        body = stream.unconsumed_tail
        if not piece and not body and not stream.eof:
            raise DecodingError(f"{coding} that ends early")
        yield piece


def _brotli(body: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    while not stream.is_finished():
        piece = stream.process(body, output_buffer_limit=_STEP)
        body = b""
        if not piece and not stream.is_finished():
            raise DecodingError("br that ends early")
        yield piece


def _zstd(body: bytes) -> Iterator[bytes]:
    for _ in range(_MAX_MEMBERS):
        frame = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
        position = 0
        while not frame.eof:
            if position >= len(body):
                raise DecodingError("zstd that ends early")
            yield frame.decompress(body[position : position + _ZSTD_STEP])
            position += _ZSTD_STEP
        body = frame.unused_data + body[position:]
        if not body:
            return
    raise DecodingError("zstd of too many frames")


CODINGS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}

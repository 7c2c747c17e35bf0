"""Decode a Content-Encoding within a size limit, and reject bodies that end early.

aiohttp can decode as it reads, but accepts gzip and br that end early: half a feed would pass for a complete one.
"""

import zlib
from collections.abc import Callable, Iterator

import brotli  # type: ignore[import-untyped]  # it ships no types
import zstandard

#: Value of the Accept-Encoding header: the codings in `CODINGS`.
ACCEPT_ENCODING = "gzip, deflate, br, zstd"

# Decoded bytes a step: no step overshoots the limit by more than this.
_STEP = 256 * 1024
# Encoded bytes a step: a block of 4 bytes may hold 128 KiB (RFC 8878, 3.1.1.2), so a step yields at most 4 MiB.
_ZSTD_STEP = 128
# A gzip body may be a chain of members (RFC 1952, 2.2), and each costs a copy of the remaining body.
_MAX_MEMBERS = 256
# RFC 9659: HTTP allows a window of at most 8 MiB.
_MAX_WINDOW = 8 * 2**20


class DecodingError(Exception):
    """The body is damaged or ends early; the message names the coding."""


class OverLimit(Exception):
    """The body decodes to more bytes than the limit."""


def decode(body: bytes, coding: str, limit: int, *, truncate: bool = False) -> Iterator[bytes]:
    """Decode a body from a content coding (RFC 9110, 8.4.1), one of `CODINGS`, and yield it in pieces.

    With `truncate`, stops after `limit` bytes.  Memory use is one piece and a window, whatever the body expands to.
    Raises DecodingError when the body is damaged or ends early, OverLimit past `limit` bytes.
    """
    size = 0
    try:
        for piece in CODINGS[coding](body):
            size += len(piece)
            if size > limit and not truncate:
                raise OverLimit
            yield piece[: len(piece) - max(0, size - limit)]
            if size >= limit and truncate:
                return
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise DecodingError(f"the body is damaged {coding}") from error


def _gzip(body: bytes) -> Iterator[bytes]:
    for _ in range(_MAX_MEMBERS):
        member = zlib.decompressobj(wbits=31)
        yield from _inflate(member, body, "gzip")
        body = member.unused_data
        # Trailing bytes that do not start a member are padding; browsers ignore them too.
        if not body.startswith(b"\x1f\x8b"):
            return
    raise DecodingError(f"the body is gzip of more than {_MAX_MEMBERS} members")


def _deflate(body: bytes) -> Iterator[bytes]:
    # The coding means zlib's format (RFC 1950), whose first byte ends in 8; some servers send the bare stream.
    wbits = zlib.MAX_WBITS if body[0] & 0x0F == 8 else -zlib.MAX_WBITS
    return _inflate(zlib.decompressobj(wbits=wbits), body, "deflate")


def _inflate(stream: "zlib._Decompress", body: bytes, coding: str) -> Iterator[bytes]:
    while not stream.eof:
        piece = stream.decompress(body, _STEP)
        body = stream.unconsumed_tail
        if not piece and not body and not stream.eof:
            raise DecodingError(f"the body is {coding} that ends early")
        yield piece


def _brotli(body: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    while not stream.is_finished():
        piece = stream.process(body, output_buffer_limit=_STEP)
        body = b""
        if not piece and not stream.is_finished():
            raise DecodingError("the body is br that ends early")
        yield piece


def _zstd(body: bytes) -> Iterator[bytes]:
    for _ in range(_MAX_MEMBERS):
        frame = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
        position = 0
        while not frame.eof:
            if position >= len(body):
                raise DecodingError("the body is zstd that ends early")
            yield frame.decompress(body[position : position + _ZSTD_STEP])
            position += _ZSTD_STEP
        body = frame.unused_data + body[position:]
        if not body:
            return
    raise DecodingError(f"the body is zstd of more than {_MAX_MEMBERS} frames")


CODINGS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}

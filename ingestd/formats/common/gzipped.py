"""Decompress documents that are gzip files themselves, such as sitemap.xml.gz (not Content-Encoding)."""

import zlib

from ingestd.errors import ParseError

#: Bytes of a decompressed document; a sitemap may have 50 MiB (sitemaps.org, protocol).
MAX_INFLATED = 64 * 2**20

_MAGIC = b"\x1f\x8b\x08"
_GZIP_ONLY = 16 + zlib.MAX_WBITS


def inflated(body: bytes) -> bytes:
    """Return the content of a gzip file with all its members (RFC 1952, 2.2); any other body unchanged.

    Bytes after the last member are padding and are dropped.

    Raises ParseError when the file is damaged or truncated, or inflates to more than MAX_INFLATED bytes.
    """
    if not body.startswith(_MAGIC):
        return body
    content = bytearray()
    while body.startswith(_MAGIC):
        member = zlib.decompressobj(_GZIP_ONLY)
        try:
            content += member.decompress(body, MAX_INFLATED + 1 - len(content))
        except zlib.error as error:
            raise ParseError(f"damaged gzip file: {error}") from error
        if len(content) > MAX_INFLATED:
            raise ParseError(f"gzip file inflates to more than {MAX_INFLATED} bytes")
        if not member.eof:
            raise ParseError("truncated gzip file")
        body = member.unused_data
    return bytes(content)

"""Bodies that are gzip files themselves, as in sitemap.xml.gz, beneath any Content-Encoding."""

import zlib

from ingestd.errors import ParseError

#: Bytes of a document, inflated: a sitemap may have 50 MiB (sitemaps.org, protocol).
MAX_INFLATED = 64 * 2**20

_MAGIC = b"\x1f\x8b\x08"
_GZIP_ONLY = 16 + zlib.MAX_WBITS


def inflated(body: bytes) -> bytes:
    """Return a gzip file's content, of all its members (RFC 1952, 2.2), and any other body as it is.

    What follows the last member is left out: it is padding.

    Raises ParseError when the file is damaged, ends early, or holds more than MAX_INFLATED bytes.
    """
    if not body.startswith(_MAGIC):
        return body
    content = bytearray()
    while body.startswith(_MAGIC):
        member = zlib.decompressobj(_GZIP_ONLY)
        try:
            content += member.decompress(body, MAX_INFLATED + 1 - len(content))
        except zlib.error as error:
            raise ParseError(f"a damaged gzip file: {error}") from error
        if len(content) > MAX_INFLATED:
            raise ParseError(f"a gzip file of more than {MAX_INFLATED} bytes")
        if not member.eof:
            raise ParseError("a gzip file that ends early")
        body = member.unused_data
    return bytes(content)

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from ingestd.web.body.decoding import ACCEPT_ENCODING, CODINGS, DecodingError, OverLimit, decode


def decoded(body: bytes, coding: str, limit: int) -> bytes:
    return b"".join(decode(body, coding, limit))


TEXT = b"<rss><channel><title>The Harbour Gazette</title></channel></rss>" * 5000


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


COMPRESS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
}
each_coding = pytest.mark.parametrize(("coding", "compress"), COMPRESS.values(), ids=COMPRESS)


@each_coding
@pytest.mark.parametrize("body", [b"", b"x", TEXT], ids=["empty", "byte", "feed"])
def test_an_encoded_body_is_decoded(coding: str, compress: Callable[[bytes], bytes], body: bytes) -> None:
    assert decoded(compress(body), coding, 10**6) == body


@each_coding
def test_a_body_that_ends_early_is_an_error(coding: str, compress: Callable[[bytes], bytes]) -> None:
    whole = compress(TEXT)

    for length in {1, len(whole) // 2, len(whole) - 1}:
        with pytest.raises(DecodingError):
            decoded(whole[:length], coding, 10**6)


@each_coding
def test_a_damaged_body_is_an_error(coding: str, compress: Callable[[bytes], bytes]) -> None:
    with pytest.raises(DecodingError):
        decoded(b"<rss><channel></channel></rss>" * 10, coding, 10**6)


@each_coding
def test_a_body_over_the_limit_is_an_error(coding: str, compress: Callable[[bytes], bytes]) -> None:
    assert len(decoded(compress(TEXT), coding, len(TEXT))) == len(TEXT)
    with pytest.raises(OverLimit):
        decoded(compress(TEXT), coding, len(TEXT) - 1)


@each_coding
def test_a_bomb_costs_no_more_memory_than_the_limit(coding: str, compress: Callable[[bytes], bytes]) -> None:
    bomb = compress(bytes(24 * 2**20))

    tracemalloc.start()
    with pytest.raises(OverLimit):
        decoded(bomb, coding, 2**20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8 * 2**20


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_concatenated_members_are_one_body(coding: str, compress: Callable[[bytes], bytes]) -> None:
    assert decoded(compress(b"one ") + compress(b"two"), coding, 100) == b"one two"
    with pytest.raises(DecodingError, match="of more than 256"):
        decoded(compress(b"") * 10_000, coding, 100)


def test_padding_after_gzip_is_ignored() -> None:
    assert decoded(gzip.compress(b"news") + bytes(512), "gzip", 100) == b"news"


def test_every_accepted_encoding_can_be_decoded() -> None:
    assert set(ACCEPT_ENCODING.split(", ")) <= CODINGS.keys()

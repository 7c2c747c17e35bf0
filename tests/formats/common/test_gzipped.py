import gzip

import pytest

from ingestd.errors import ParseError
from ingestd.formats.common.gzipped import MAX_INFLATED, inflated


def test_a_body_that_is_not_gzip_is_unchanged() -> None:
    assert inflated(b"<rss/>") == b"<rss/>"


def test_a_gzip_file_may_inflate_to_exactly_the_limit() -> None:
    assert len(inflated(gzip.compress(bytes(MAX_INFLATED), 1))) == MAX_INFLATED
    with pytest.raises(ParseError, match="more than"):
        inflated(gzip.compress(bytes(MAX_INFLATED), 1) + gzip.compress(b"x"))

import gzip

import pytest

from ingestd.errors import ParseError
from ingestd.formats.common.gzipped import MAX_INFLATED, inflated


def test_what_is_no_gzip_file_stays_as_it_is() -> None:
    assert inflated(b"<rss/>") == b"<rss/>"


def test_exactly_the_limit_is_allowed_and_one_byte_more_is_not() -> None:
    assert len(inflated(gzip.compress(bytes(MAX_INFLATED), 1))) == MAX_INFLATED
    with pytest.raises(ParseError, match="more than"):
        inflated(gzip.compress(bytes(MAX_INFLATED), 1) + gzip.compress(b"x"))

"""Addresses of sources as people write them: without a scheme, or with that of feed readers."""

import re

from ingestd.urls import source_url

_FEED_SCHEME = re.compile(r"feed:(//(?!https?:))?(?://)?", re.IGNORECASE)
#: "paper.example/rss", "//paper.example/rss".  A host has a dot; servers that want HTTPS redirect to it.
_WITHOUT_SCHEME = re.compile(r"(?://)?(?:[\w-]+(?:\.[\w-]+)+\.?|localhost(?=:))(?::\d+)?(?:[/?].*)?$", re.IGNORECASE)


def with_scheme(written: str) -> str:
    """Return an address with the scheme it means: http where none is written, also for "feed://paper.example/rss".

    "feed:https://paper.example/rss" is the URL in it: browsers opened feed readers by this scheme.
    """
    address = _FEED_SCHEME.sub(lambda match: "http://" if match[1] else "", written, count=1)
    return f"http://{address.removeprefix('//')}" if _WITHOUT_SCHEME.match(address) else address


def typed_source_url(name: str) -> str:
    """Return the address (`source_url`) of what an operator typed, which may lack its scheme; raises ValueError."""
    # A path may have spaces at its ends, and begin with two slashes.
    return source_url(name if name.startswith("/") else with_scheme(name.strip()))

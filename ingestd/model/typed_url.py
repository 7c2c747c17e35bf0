"""Addresses of sources as people write them: without a scheme, or with that of feed readers."""

import re

from ingestd.urls import source_url

#: Schemes by which links open a feed reader or a podcast player; those with an "s" mean HTTPS.
_FEED_SCHEME = re.compile(
    r"(?:(?P<secure>feeds|itpcs|pcasts)|feed|itpc|pcast|podcast|rss):(?P<host>//(?!https?:?//?))?(?://)?", re.IGNORECASE
)
#: Slips in a scheme: "https//paper.example", "https:/paper.example", "https:paper.example/1",
#: "http://https://paper.example".  "https:story.html" is a path.
_RIGHT = re.compile(r"(?:https?://)?(?!https?[:/])[^/:]", re.IGNORECASE)
_SLIP = re.compile(
    r"(?:https?(?::/{0,4}|//))*(?P<scheme>https?)(?!:[\w.-]+\.(?:html?|php|aspx?|jsp)(?:[?#]|$))(?::/{0,4}|//)"
    r"(?=(?:[\w-]+\.)+[\w-]+\.?(?::\d+)?(?:[/?#]|$))",
    re.IGNORECASE,
)
#: "paper.example/rss", "//paper.example/rss".  A host has a dot; servers that want HTTPS redirect to it.
_WITHOUT_SCHEME = re.compile(r"(?://)?(?:[\w-]+(?:\.[\w-]+)+\.?|localhost(?=:))(?::\d+)?(?:[/?].*)?$", re.IGNORECASE)


def with_scheme(written: str) -> str:
    """Return an address with the scheme it means: http where none is written, also for "feed://paper.example/rss".

    "feed:https://paper.example/rss" is the URL in it: browsers opened feed readers by this scheme.
    """
    opened = _FEED_SCHEME.match(written)
    address = mended(written)
    if opened:
        address = mended(written[opened.end() :])
        if opened["host"] or (opened["secure"] and _WITHOUT_SCHEME.match(address)):
            address = f"http{'s' if opened['secure'] else ''}://{address}"
    return f"http://{address.removeprefix('//')}" if _WITHOUT_SCHEME.match(address) else address


def mended(address: str) -> str:
    """Return an address with its scheme as it was meant: "https:/paper.example", "http://https://paper.example"."""
    if _RIGHT.match(address):
        return address
    slip = _SLIP.match(address)
    return f"{slip['scheme'].lower()}://{address[slip.end() :]}" if slip else address


def typed_source_url(name: str) -> str:
    """Return the address (`source_url`) of what an operator typed, which may lack its scheme; raises ValueError."""
    # A path may have spaces at its ends, and begin with two slashes.
    return source_url(name if name.startswith("/") else with_scheme(name.strip().strip("<>\"'\ufeff")))

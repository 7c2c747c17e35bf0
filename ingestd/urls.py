"""URLs: resolved, compared, grouped by site, and shown without secrets."""

import ipaddress
import re
import string
from functools import cache, lru_cache
from urllib.parse import quote, unquote_plus, urljoin, urlsplit, urlunsplit

import idna
import tldextract

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")

# Parameters that say where a click came from and never which page it leads to.
_TRACKING = re.compile(
    r"(utm_\w+|at_(medium|campaign|link\w*|ptr\w*)|(fbc|ttc|twc|gc|dc|yc)lid|msclkid|gclsrc|igshid|mc_[ce]id|cmpid|ncid|ns_\w+|xtor|__twitter_impression)",
    re.IGNORECASE,
)


def resolve(base: str, reference: str | None) -> str | None:
    """Resolve a reference as in an `href` (RFC 3986, 5); None when it is no http(s) URL."""
    if not reference or not reference.strip():
        return None
    try:
        url = urljoin(base, reference.strip())
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        return None
    return url if parts.scheme in _DEFAULT_PORTS and parts.hostname else None


def normalise(url: str) -> str:
    """Return the form in which URLs are compared: two that differ here are two.

    Scheme and host in lower case, the host in its ASCII form, no user-info, no default port, no fragment,
    no tracking parameters, "/" for an empty path.  The order of other parameters stays: it may matter.

    Raises ValueError when it is no absolute http(s) URL.
    """
    parts = urlsplit(url.strip())
    host = _ascii_host(parts.hostname or "")
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise ValueError(f"not an http(s) URL: {without_userinfo(url)}")
    port = f":{parts.port}" if parts.port and parts.port != _DEFAULT_PORTS[parts.scheme] else ""
    path, query = _ascii(parts.path) or "/", _ascii(_without_tracking(parts.query))
    return urlunsplit((parts.scheme, f"{host}{port}", path, query, ""))


def comparable(url: str) -> str:
    """Return the form in which a URL is compared (`normalise`); one that has none is as it is."""
    try:
        return normalise(url)
    except ValueError:
        return url


def _ascii(part: str) -> str:
    """Return a path or query in ASCII; one way to write each character (RFC 3986, 6.2.2)."""
    return _ESCAPE.sub(_plain_escape, quote(part, safe="/?%:@!$&'()*+,;=~-._[]{}|^`\\<>\""))


def _plain_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    if ":" in host:
        return f"[{host}]"
    try:
        # As aiohttp does, so that the name is the one that was asked: "straße.de" is not "strasse.de".
        return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError:
        return _ascii_symbols(host)


def _ascii_symbols(host: str) -> str:
    """Return the ASCII form of what only IDNA 2003 allows, such as a name of emoji; raises ValueError."""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"not a host name: {host}") from error


def _without_tracking(query: str) -> str:
    parts = query.split("&")
    return "&".join(part for part in parts if not _TRACKING.fullmatch(unquote_plus(part.partition("=")[0])))


def without_userinfo(url: str) -> str:
    """Return a URL as it may be shown and logged: `user:password@` left out."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number, as with "/" in a password
    except ValueError:
        return re.sub(r"//\S*@", "//", url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def with_userinfo_of(url: str, other: str) -> str:
    """Return another URL with the user-info of the first, if it is of the same origin; otherwise as it is."""
    one, two = urlsplit(url), urlsplit(other)
    userinfo, at, host = one.netloc.rpartition("@")
    same = (one.scheme, host.lower()) == (two.scheme, two.netloc.lower())
    return urlunsplit(two._replace(netloc=f"{userinfo}{at}{two.netloc}")) if at and same else other


@cache
def _suffixes() -> tldextract.TLDExtract:
    # The list that comes with the package: a daemon does not fetch one behind its operator's back.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@lru_cache(maxsize=65_536)
def is_readable(url: str) -> bool:
    """Say whether it has the parts of a URL, of whatever scheme."""
    try:
        return urlsplit(url).hostname != ""
    except ValueError:
        return False


def site(url: str) -> str:
    """Return what shares a server's patience: the registrable domain, or the address itself.

    "https://news.bbc.co.uk/x" is of the site "bbc.co.uk", "http://127.0.0.1:8600/" of "127.0.0.1".
    A host with no public suffix, such as "localhost", is a site of its own.
    """
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return _suffixes().extract_str(host).top_domain_under_public_suffix or host

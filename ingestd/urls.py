"""URLs: resolved, compared, grouped by site, and shown without secrets."""

import ipaddress
import re
import string
from functools import cache, lru_cache
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import quote, unquote, unquote_plus, urljoin, urlsplit, urlunsplit

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


def copy_userinfo(url: str, other: str) -> str:
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


def pacing_key(url: str) -> str:
    """Return what polls of a source take turns at: the site, or a drop folder itself, of which nobody else has any."""
    return without_userinfo(url) if is_folder(url) else site(url)


def is_folder(url: str) -> bool:
    """Say whether this is the address of a drop folder, as in "file:///var/spool/wire/" or "sftp://wire.example/out/"."""
    return url.startswith("file:///") or is_remote_folder(url)


def is_remote_folder(url: str) -> bool:
    """Say whether this is the address of a drop folder on another host."""
    return url.startswith(tuple(f"{scheme}://" for scheme in FOLDER_PORTS))


#: The ports of what leads to drop folders on other hosts; FTPS begins as FTP does (RFC 4217).
FOLDER_PORTS = {"ftp": 21, "ftps": 21, "sftp": 22}


def folder_path(url: str) -> PurePosixPath:
    """Return the path of a drop folder of this host."""
    return PurePosixPath(unquote(urlsplit(url).path, errors="surrogateescape"))


def is_inbox(url: str) -> bool:
    """Say whether this is the name of a source that is only pushed to, as in "inbox:wire"."""
    return url.startswith(_INBOX)


_INBOX = "inbox:"
_INBOX_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}")


def source_url(name: str) -> str:
    """Return the address that a source is known by, for whatever an operator may call it.

    A path from the root on is a drop folder's, "/var/spool/wire" as good as "file:///var/spool/wire/".

    Raises ValueError when it is no http(s) URL, no such path, no folder on another host, and no inbox.
    """
    if is_inbox(name):
        if not _INBOX_NAME.fullmatch(name.removeprefix(_INBOX)):
            raise ValueError(f"not the name of an inbox: {name}; a letter, then letters, digits, '.', '_' and '-'")
        return name
    if name.startswith("/"):
        return _folder_url(name)
    if name.startswith("file:"):
        parts = urlsplit(name)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise ValueError(f"not a folder of this host: {name}; write it as in file:///var/spool/wire/")
        return _folder_url(unquote(parts.path, errors="surrogateescape"))
    if name.partition("://")[0].lower() in FOLDER_PORTS:
        return _remote_url(name)
    normalise(name)
    return name


def _remote_url(name: str) -> str:
    try:
        parts = urlsplit(name)
        host, port = _ascii_host(parts.hostname or ""), parts.port
    except ValueError as error:
        raise ValueError(f"not a folder's address: {without_userinfo(name)}") from error
    shown = without_userinfo(name)
    if not host or parts.query or parts.fragment:
        raise ValueError(f"not a folder's address: {shown}; write it as in {parts.scheme}://user@wire.example/out/")
    if parts.password is not None:
        raise ValueError(f"no password in an address: {shown}; it belongs in the setting `logins`")
    path = unquote(parts.path, errors="surrogateescape")
    if _CONTROL.search(path + unquote(parts.username or "")) or ".." in path.split("/"):
        raise ValueError(f"not a folder that could be a source: {shown}")
    user = f"{quote(unquote(parts.username), safe='')}@" if parts.username else ""
    at = "" if port in (None, FOLDER_PORTS[parts.scheme]) else f":{port}"
    # A slash that is written as %2F is one of FTP's: it leads to the root, and not from where the login leads.
    return urlunsplit((parts.scheme, f"{user}{host}{at}", f"{_ascii(parts.path).rstrip('/')}/", "", ""))


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _folder_url(path: str) -> str:
    if "\0" in path or normpath(path).strip("/") == "":
        raise ValueError(f"not a folder that could be a source: {path!r}")
    return PurePosixPath("/" + normpath(path).lstrip("/")).as_uri() + "/"

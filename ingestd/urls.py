"""URLs: resolve, compare and group them by site, and show them without secrets."""

import ipaddress
import re
import string
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_plus, urljoin, urlsplit, urlunsplit

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

#: Bytes of a URL that identifies a source or a record; PostgreSQL's indexes hold no longer one.  Longer links are
#: fetched as any other (RFC 9110, 4.1).
MAX_IDENTIFYING = 2_000

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: URLs that resolve to themselves: parsing them takes thirty times as long.  One whose host is "https" is a slip.
ABSOLUTE = re.compile(
    r"https?://(?!https?[/:])[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[1-5]?\d{1,4})?(?:/[\w.~%!$&'()*+,=:@/-]*(?:\?[\w.~%!$&'()*+,=:@/-]+)?(?:#[\w.~%!$&'()*+,=:@/-]+)?)?",
    re.ASCII,
)
#: A URL up to its path: parsing the whole URL for its host takes twenty times as long.
_AUTHORITY = re.compile(r"https?://([a-zA-Z0-9.-]+)(?::[0-9]*)?(?=[/?#]|\Z)")
#: URLs that are their own normal form: making it takes ten times as long.
_NORMAL = re.compile(r"https?://[a-z0-9.-]*[a-z0-9](?::(?!80/|443/)[1-9][0-9]{0,3})?/[A-Za-z0-9._~!$&'()*+,=:@/-]*")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")

# Parameters that track where a click came from and never identify the page.
_TRACKING = re.compile(
    r"(utm_\w+|at_(medium|campaign|link\w*|ptr\w*)|(fbc|ttc|twc|gc|dc|yc)lid|msclkid|gclsrc|igshid|mc_[ce]id|cmpid|ncid|ns_\w+|xtor|__twitter_impression)",
    re.IGNORECASE,
)


def resolve(base: str, reference: str | None) -> str | None:
    """Resolve a reference such as an `href` (RFC 3986, 5).  None: the result is not an http(s) URL."""
    if not reference or not reference.strip():
        return None
    if ABSOLUTE.fullmatch(reference):
        return reference
    try:
        url = urljoin(base, reference.strip())
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        return None
    return url if parts.scheme in _DEFAULT_PORTS and parts.hostname else None


def normalise(url: str) -> str:
    """Return the form in which URLs are compared: URLs whose normal forms differ are different.

    Scheme and host are in lower case, the host in its ASCII form; without user-info, default port, fragment and
    tracking parameters; an empty path is "/".  Other parameters keep their order: it may matter.

    Raises ValueError if it is not an absolute http(s) URL.
    """
    parts = urlsplit(url.strip())
    host = _ascii_host(parts.hostname or "")
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise ValueError(f"not an http(s) URL: {without_userinfo(url)}")
    port = f":{parts.port}" if parts.port and parts.port != _DEFAULT_PORTS[parts.scheme] else ""
    path, query = _ascii(parts.path) or "/", _ascii(_without_tracking(parts.query))
    return urlunsplit((parts.scheme, f"{host}{port}", path, query, ""))


def with_fragment(url: str, link: str | None) -> str:
    """Return a URL with the fragment of a link, in ASCII; unchanged if the link has none or the result is too long."""
    fragment = link.partition("#")[2] if link else ""
    exact = f"{url}#{_ascii(fragment)}"
    return exact if fragment and "#" not in url and may_identify(exact) else url


def may_identify(url: str) -> bool:
    """Return whether a URL is short enough to identify a source or a record."""
    return len(url.encode(errors="surrogatepass")) <= MAX_IDENTIFYING


def comparable(url: str) -> str:
    """Return the normal form of a URL (`normalise`), or the URL unchanged if it has none."""
    with suppress(ValueError):
        return url if _NORMAL.fullmatch(url) else normalise(url)
    return url


def page_address(url: str) -> str:
    """Return the form in which the addresses of pages are compared: URLs with the same one are fetched once.

    The normal form of a URL (`comparable`), with its user-info: another login may see another page.
    """
    address = comparable(url)
    userinfo, at, _ = urlsplit(url.strip()).netloc.rpartition("@") if "@" in url and address != url else ("", "", "")
    return address.replace("//", f"//{userinfo}@", 1) if at else address


def _ascii(part: str) -> str:
    """Return a path or query in ASCII, each character written in one way (RFC 3986, 6.2.2)."""
    return _ESCAPE.sub(_plain_escape, quote(part, safe="/?%:@!$&'()*+,;=~-._[]{}|^`\\<>\""))


def _plain_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    if ":" in host:
        return f"[{host}]"
    return host if host.isascii() else _ascii_form(host)


def _ascii_form(host: str) -> str:
    """Return the ASCII form of a host; raises ValueError."""
    import idna  # here, since nearly all hosts are ASCII

    with suppress(UnicodeError):
        # By the rules that aiohttp applies, so that it is the host that is requested: "straße.de" is not "strasse.de".
        return idna.encode(host, uts46=True).decode("ascii")
    try:
        return host.encode("idna").decode("ascii")  # what only IDNA 2003 allows, such as emoji
    except UnicodeError as error:
        raise ValueError(f"not a host name: {host}") from error


def _without_tracking(query: str) -> str:
    parts = query.split("&")
    return "&".join(part for part in parts if not _TRACKING.fullmatch(unquote_plus(part.partition("=")[0])))


def without_userinfo(url: str) -> str:
    """Return a URL without `user:password@`, as it may be shown and logged."""
    if "@" not in url and ABSOLUTE.fullmatch(url):
        return url
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number, as with "/" in a password
    except ValueError:
        return re.sub(r"//\S*@", "//", url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def copy_userinfo(url: str, other: str) -> str:
    """Return `other` with the user-info of `url` if both have the same origin, else `other` unchanged."""
    one, two = urlsplit(url), urlsplit(other)
    userinfo, at, host = one.netloc.rpartition("@")
    same = (one.scheme, host.lower()) == (two.scheme, two.netloc.lower())
    return urlunsplit(two._replace(netloc=f"{userinfo}{at}{two.netloc}")) if at and same else other


@cache
def public_suffixes() -> "PublicSuffixList":
    """Return the list of public suffixes that is in the package; the first call loads it, which takes 35 ms."""
    from publicsuffixlist import PublicSuffixList  # here, since few commands need it

    # Without private suffixes: all blogs of a provider are one site, for one provider's servers answer.
    return PublicSuffixList(accept_unknown=False, only_icann=True)


def site(url: str) -> str:
    """Return the site of a URL, the unit of pacing: the registrable domain, or the IP address.

    The site of "https://news.bbc.co.uk/x" is "bbc.co.uk", that of "http://127.0.0.1:8600/" is "127.0.0.1".
    A host without a public suffix, such as "localhost", is a site of its own.
    """
    host = authority[1] if (authority := _AUTHORITY.match(url)) else urlsplit(url).hostname or ""
    return _site_of_host(host.rstrip(".").lower())


#: Characters that are dots in a host name (UTS 46, 4.5).
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")


@lru_cache(maxsize=8192)
def _site_of_host(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return public_suffixes().privatesuffix(host.translate(_DOTS)) or host


def pacing_key(url: str) -> str:
    """Return the key by which polls of a source are paced: its site, or the address of a drop folder."""
    return without_userinfo(url) if is_folder(url) else site(url)


def is_folder(url: str) -> bool:
    """Return whether a URL is a drop folder, such as "file:///var/spool/wire/" or "sftp://wire.example/out/"."""
    return url.startswith("file:///") or is_remote_folder(url)


def is_remote_folder(url: str) -> bool:
    """Return whether a URL is a drop folder on another host."""
    return url.startswith(("ftp://", "ftps://", "sftp://"))


#: Scheme of a remote drop folder → default port; FTPS starts as FTP does (RFC 4217).
FOLDER_PORTS = {"ftp": 21, "ftps": 21, "sftp": 22}


def folder_path(url: str) -> PurePosixPath:
    """Return the path of a drop folder on this host."""
    return PurePosixPath(unquote(urlsplit(url).path, errors="surrogateescape"))


def is_inbox(url: str) -> bool:
    """Return whether a name is an inbox, a source that only receives pushes, such as "inbox:wire"."""
    return url.startswith(_INBOX)


_INBOX = "inbox:"
_INBOX_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}")


def source_url(name: str) -> str:
    """Return the address under which a source is stored; `name` is what the operator wrote.

    An absolute path is a drop folder: "/var/spool/wire" is the same as "file:///var/spool/wire/".  All spellings of an
    http(s) URL have the same address: scheme, host, port, escapes and spaces are normalised (RFC 3986, 6.2.2), and the
    fragment is left out, because no server sees it.

    Raises ValueError if it is not an http(s) URL, an absolute path, a folder on another host, or an inbox, or if it is
    longer than MAX_IDENTIFYING.
    """
    name = name.strip() if name[:1].isspace() or "://" in name else name
    if not may_identify(name):
        raise ValueError(f"longer than {MAX_IDENTIFYING} bytes: {without_userinfo(name[:100])}...")
    if is_inbox(name):
        if not _INBOX_NAME.fullmatch(name.removeprefix(_INBOX)):
            raise ValueError(f"not a valid inbox name: {name}; use a letter, then letters, digits, '.', '_' and '-'")
        return name
    if name.startswith("/"):
        return _folder_url(name)
    if name.startswith("file:"):
        parts = urlsplit(name)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise ValueError(f"not a folder on this host: {name}; write it like file:///var/spool/wire/")
        return _folder_url(unquote(parts.path, errors="surrogateescape"))
    if name.partition("://")[0].lower() in FOLDER_PORTS:
        return _remote_url(name)
    normalise(name)
    return _web_address(name)


def _web_address(url: str) -> str:
    """Return the address of a valid http(s) URL; user-info and every parameter stay, as both are sent."""
    parts = urlsplit(url)
    userinfo, at, _ = parts.netloc.rpartition("@")
    userinfo, at = (userinfo, at) if userinfo not in ("", ":") else ("", "")
    port = f":{parts.port}" if parts.port and parts.port != _DEFAULT_PORTS[parts.scheme] else ""
    netloc = f"{userinfo}{at}{_ascii_host(parts.hostname or '')}{port}"
    return urlunsplit((parts.scheme, netloc, _without_dots(_ascii(parts.path)) or "/", _ascii(parts.query), ""))


def _without_dots(path: str) -> str:
    """Return an absolute path without its segments "." and ".." (RFC 3986, 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == ".." and kept:
            kept.pop()
        elif segment not in (".", ".."):
            kept.append(segment)
    return "/" + "/".join([*kept, ""] if segments[-1] in (".", "..") else kept)


def _remote_url(name: str) -> str:
    try:
        parts = urlsplit(name)
        host, port = _ascii_host(parts.hostname or ""), parts.port
    except ValueError as error:
        raise ValueError(f"not a folder address: {without_userinfo(name)}") from error
    shown = without_userinfo(name)
    if not host or parts.query or parts.fragment:
        raise ValueError(f"not a folder address: {shown}; write it like {parts.scheme}://user@wire.example/out/")
    if parts.password is not None:
        raise ValueError(f"password in the address: {shown}; put it into the setting `logins`")
    path = unquote(parts.path, errors="surrogateescape")
    if _CONTROL.search(path + unquote(parts.username or "")) or ".." in path.split("/"):
        raise ValueError(f"not a valid source: {shown}; its path or user has control characters, or its path has '..'")
    user = f"{quote(unquote(parts.username), safe='')}@" if parts.username else ""
    at = "" if port in (None, FOLDER_PORTS[parts.scheme]) else f":{port}"
    # In FTP a slash written as %2F is significant: the path starts at the root and not in the login's directory.
    return urlunsplit((parts.scheme, f"{user}{host}{at}", f"{_ascii(parts.path).rstrip('/')}/", "", ""))


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _folder_url(path: str) -> str:
    if "\0" in path or normpath(path).strip("/") == "":
        raise ValueError(f"not a valid source: {path!r}; name a folder below the root, without NUL in its path")
    return PurePosixPath("/" + normpath(path).lstrip("/")).as_uri() + "/"

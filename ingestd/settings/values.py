"""The kinds of values a setting may have: how people write them, and how they are shown.

Each is written in the same way in TOML, in the environment and by `config show`.
"""

import json
import os
import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, InstanceOf, PlainSerializer, SecretStr

from ingestd.units import parse_duration, parse_size, show_duration, show_size
from ingestd.web.logins import Login, Origin

_HOST_AND_PORT = re.compile(r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+)\]|(?P<host>[^\s:/\[\]]+))(?::(?P<port>\d{1,5}))?")
_MAIL = re.compile(r"(mailto:)?[^\s@()<>]+@[^\s@()<>]+")
_PAGE = re.compile(r"https?://[^\s()<>]+")
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
#: A line of known_hosts (sshd(8)); whether its key is one, the library says.
_KNOWN_HOST = re.compile(r"(@(cert-authority|revoked)\s+)?[^\s@]\S*\s+[a-z][\w@.-]+\s+AAAA[0-9A-Za-z+/]+=*(\s|$)")
_DATABASE = re.compile(r"(?P<backend>sqlite|postgresql|postgres)(?:\+\w+)?(?=:)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the daemon answers: a TCP port (0 is any free one), or a UNIX socket."""

    host: str = ""
    port: int = 0
    #: The UNIX socket; None for TCP.
    path: Path | None = None

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read "HOST:PORT", "[::1]:PORT" or "unix:PATH"; raises ValueError."""
        if isinstance(text, cls):
            return text
        if isinstance(text, str) and re.fullmatch(r"unix:[^\0]+", text):
            return cls(path=Path(text.removeprefix("unix:")).expanduser())
        host, port = _host_and_port(str(text))
        if port is None:
            raise ValueError(f"{text!r} should be HOST:PORT, [IPV6]:PORT or unix:PATH")
        return cls(host=host, port=port)

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _host_and_port(text: str) -> tuple[str, int | None]:
    match = _HOST_AND_PORT.fullmatch(text)
    if not match or int(match["port"] or 0) > 65_535:
        raise ValueError(f"{text!r} should be HOST:PORT, with an IPv6 address in brackets")
    if match["ipv6"]:
        IPv6Address(match["ipv6"])
    return match["ipv6"] or match["host"], None if match["port"] is None else int(match["port"])


def _seconds(value: object) -> float:
    return parse_duration(value if isinstance(value, int | float) and not isinstance(value, bool) else str(value))


def _seconds_or_off(value: object) -> float:
    return 0.0 if value == "off" else _seconds(value)


def _bytes(value: object) -> int:
    return parse_size(value if isinstance(value, int) and not isinstance(value, bool) else str(value))


def _show_seconds(seconds: float) -> str:
    shown = show_duration(seconds)
    return shown if parse_duration(shown) == seconds else f"{seconds:.15g}s"


def _show_bytes(count: int) -> str:
    shown = show_size(count)
    return shown if parse_size(shown) == count else str(count)


def _listed(value: object) -> object:
    """Take "a,b" and '["a", "b"]' as lists: so they are written in the environment."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return [item for item in (part.strip() for part in value.split(",")) if item]
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError(f'{value!r} should be a list, as in a,b or ["a", "b"]') from error


def _path(value: object) -> Path:
    if not value or not isinstance(value, str | Path) or "\0" in str(value):
        raise ValueError(f"{value!r} should be a path")
    return Path(value).expanduser().absolute()


def _path_or_off(value: object) -> object:
    return value if value == "off" else _path(value)


def _network(value: object) -> IPv4Network | IPv6Network:
    return ip_network(str(value))


def _name_server(text: str) -> str:
    try:
        IPv6Address(text)
    except ValueError:
        _host_and_port(text)
    return text


def _contact(text: str) -> str:
    # It goes into a header: no line ends, and nothing that closes the comment it stands in (RFC 9110, 5.6.5).
    if not text.isascii() or not (_PAGE.fullmatch(text) or _MAIL.fullmatch(text)):
        raise ValueError(f"{text!r} should be a web page (https://...) or a mail address")
    return text


def _public_url(text: str) -> str:
    if not _PAGE.fullmatch(text) or "?" in text or "#" in text:
        raise ValueError(f"{text!r} should be a web address (https://...) without a query")
    return text.rstrip("/")


def _logins(value: object) -> tuple[Login, ...]:
    """Read a text of lines, or a list of them; raises ValueError with all that are wrong, by their numbers."""
    lines = value.split("\n") if isinstance(value, str) else value
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str | Login) for line in lines):
        raise ValueError("should be lines, or a list of them")
    found: dict[tuple[Origin, str | None], tuple[int, Login]] = {}
    wrong = []
    for number, line in enumerate(lines, 1):
        if isinstance(line, str) and (not line.strip() or line.lstrip().startswith("#")):
            continue
        try:
            login = line if isinstance(line, Login) else Login.parse(line.strip())
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
            continue
        user = login.name if login.is_for_folders else None
        first, _ = found.setdefault((login.origin, user), (number, _with_credential(login)))
        if first != number:
            wrong.append(f"line {number}: {login.origin_url} has its login in line {first}")
    if wrong:
        raise ValueError("; ".join(wrong))
    return tuple(login for _, login in found.values())


def _with_credential(login: Login) -> Login:
    """Return a login whose private key, where it is named without its directory, is one of the credentials."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if login.kind != "key" or not directory:
        return login
    return replace(login, value=str(Path(directory) / Path(login.value).expanduser()))


def _known_hosts(value: object) -> tuple[str, ...]:
    """Read a text of lines, or a list of them; raises ValueError."""
    lines = value.split("\n") if isinstance(value, str) else value
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        raise ValueError("should be lines, or a list of them")
    kept = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    kept = [(number, line) for number, line in kept if not line.startswith("#")]
    wrong = [str(number) for number, line in kept if not _KNOWN_HOST.match(line)]
    if wrong:
        raise ValueError(f"line {', '.join(wrong)}: should be as in OpenSSH's known_hosts: HOST TYPE KEY")
    return tuple(line for _, line in kept)


def _database_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    match = _DATABASE.match(text)
    if not match:
        raise ValueError("should be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE")
    if match["backend"] == "sqlite":
        path = text[match.end() :].removeprefix(":///").partition("?")[0]
        if not text[match.end() :].startswith(":///") or path in ("", ":memory:"):
            raise ValueError("should name a file, as in sqlite:////var/lib/ingestd/ingestd.db")
    else:
        _check_server_url(text)
    return url


def _check_server_url(text: str) -> None:
    # Imported here because it takes 0.25 s, which SQLite's users need not wait for in `config` and `--help`.
    from sqlalchemy import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        make_url(text)
    except (ArgumentError, ValueError):
        # Not chained: SQLAlchemy's message may quote the URL, and with it the password.
        raise ValueError("is no URL; special characters in its password are written as %XX") from None


def with_async_driver(url: str) -> str:
    """Return a checked database URL with the one driver we use for it, whichever it named."""
    return _DATABASE.sub(lambda match: _DRIVERS[match["backend"]], url, count=1)


def without_secrets(url: str) -> str:
    """Return a checked database URL as it may be shown: no user, no password, no parameters, no driver."""
    place = url.partition("://")[2]
    if url.startswith("sqlite"):
        return f"sqlite://{place.partition('?')[0]}"
    # The "@" before the "?": a password may have a "?" in it that nobody wrote as %3F.
    return f"postgresql://{place.rpartition('@')[2].partition('?')[0]}"


#: Seconds, also "500ms", "30s", "15m", "1h30m", "2d".
Seconds = Annotated[float, BeforeValidator(_seconds), PlainSerializer(_show_seconds, return_type=str, when_used="json")]
#: Zero where it says "off".
SecondsOrOff = Annotated[
    float,
    BeforeValidator(_seconds_or_off),
    PlainSerializer(lambda seconds: _show_seconds(seconds) if seconds else "off", return_type=str, when_used="json"),
]
#: Bytes, also "500kB", "16MiB".
Bytes = Annotated[int, BeforeValidator(_bytes), PlainSerializer(_show_bytes, return_type=str, when_used="json")]
#: Absolute; `~` is the home directory, and what is relative is so to the working directory.
Directory = Annotated[Path, BeforeValidator(_path)]
File = Annotated[Path, BeforeValidator(_path)]
DirectoryOrOff = Annotated[Literal["off"] | Path, BeforeValidator(_path_or_off)]
Address = Annotated[Listen, BeforeValidator(Listen.parse), PlainSerializer(str, return_type=str, when_used="json")]
Networks = Annotated[
    tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...], BeforeValidator(_listed)
]
NameServers = Annotated[tuple[Annotated[str, AfterValidator(_name_server)], ...], BeforeValidator(_listed)]
Contact = Annotated[str, AfterValidator(_contact)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
KnownHosts = Annotated[tuple[str, ...], BeforeValidator(_known_hosts)]
#: One login an origin, or a user of a server with drop folders; shown without what is secret in them.
Logins = Annotated[
    tuple[InstanceOf[Login], ...],
    BeforeValidator(_logins),
    PlainSerializer(lambda logins: [str(login) for login in logins], return_type=list[str]),
]
DatabaseUrl = Annotated[
    SecretStr,
    AfterValidator(_database_url),
    PlainSerializer(lambda url: without_secrets(url.get_secret_value()), return_type=str, when_used="json"),
]

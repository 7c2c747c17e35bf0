"""Types of the settings: how to read a value and how to show it.

A value is written in the same way in TOML, in the environment and by `config show`.
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
#: A line of known_hosts (sshd(8)); the SSH library checks the key itself.
_KNOWN_HOST = re.compile(r"(@(cert-authority|revoked)\s+)?[^\s@]\S*\s+[a-z][\w@.-]+\s+AAAA[0-9A-Za-z+/]+=*(\s|$)")
_DATABASE = re.compile(r"(?P<backend>sqlite|postgresql|postgres)(?:\+\w+)?(?=:)")

#: Whether an older database is upgraded when it is opened; "auto": an SQLite file is, a PostgreSQL database is not.
MigrateOnStart = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the daemon listens: a TCP port (0: any free port), or a UNIX socket."""

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


def _split_list(value: object) -> object:
    """Return a list from "a,b" or '["a", "b"]', as lists are written in the environment."""
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


def _network(value: object) -> IPv4Network | IPv6Network:
    return ip_network(str(value))


def _name_server(text: str) -> str:
    try:
        IPv6Address(text)
    except ValueError:
        _host_and_port(text)
    return text


def _contact(text: str) -> str:
    # It is sent in a comment of a header: no line ends, and no parenthesis (RFC 9110, 5.6.5).
    if not text.isascii() or not (_PAGE.fullmatch(text) or _MAIL.fullmatch(text)):
        raise ValueError(f"{text!r} should be a web page (https://...) or a mail address")
    return text


def _public_url(text: str) -> str:
    if not _PAGE.fullmatch(text) or "?" in text or "#" in text:
        raise ValueError(f"{text!r} should be a web address (https://...) without a query")
    return text.rstrip("/")


def _logins(value: object) -> tuple[Login, ...]:
    """Read logins from text or a list of lines; raises ValueError with every fault and its line number."""
    lines = value.split("\n") if isinstance(value, str) else value
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str | Login) for line in lines):
        raise ValueError("should be lines, or a list of them")
    found: dict[tuple[Origin, str | None], tuple[int, Login]] = {}
    faults = []
    for number, line in enumerate(lines, 1):
        if isinstance(line, str) and (not line.strip() or line.lstrip().startswith("#")):
            continue
        try:
            login = line if isinstance(line, Login) else Login.parse(line.strip())
        except ValueError as error:
            faults.append(f"line {number}: {error}")
            continue
        user = login.name if login.is_for_folders else None
        first, _ = found.setdefault((login.origin, user), (number, _with_credential(login)))
        if first != number:
            faults.append(f"line {number}: {login.origin_url} already has a login in line {first}")
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(login for _, login in found.values())


def _with_credential(login: Login) -> Login:
    """Return a login with the path of its private key; a bare name is a file in the credentials directory."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if login.kind != "key" or not directory:
        return login
    return replace(login, value=str(Path(directory) / Path(login.value).expanduser()))


def _known_hosts(value: object) -> tuple[str, ...]:
    """Read host keys from text or a list of lines; raises ValueError with the numbers of wrong lines."""
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
    # Imported here because SQLAlchemy takes 0.25 s, and `config show` on SQLite does not need it.
    from sqlalchemy import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        make_url(text)
    except (ArgumentError, ValueError):
        # Not chained: SQLAlchemy's message may quote the URL with its password.
        raise ValueError("is not a valid URL; write special characters in the password as %XX") from None


def check_database_url(text: str) -> str:
    """Return a database URL; raises ValueError, without the password, if it is none that ingestd can use."""
    return _database_url(SecretStr(text)).get_secret_value()


def with_async_driver(url: str) -> str:
    """Return a validated database URL with the driver that ingestd uses, whatever driver it names."""
    return _DATABASE.sub(lambda match: _DRIVERS[match["backend"]], url, count=1)


def without_secrets(url: str) -> str:
    """Return a validated database URL for display, without user, password, parameters and driver."""
    place = url.partition("://")[2]
    if url.startswith("sqlite"):
        return f"sqlite://{place.partition('?')[0]}"
    # Split at "@" before "?": a password may contain an unescaped "?".
    return f"postgresql://{place.rpartition('@')[2].partition('?')[0]}"


#: Seconds, also "500ms", "30s", "15m", "1h30m", "2d".
Seconds = Annotated[float, BeforeValidator(_seconds), PlainSerializer(_show_seconds, return_type=str, when_used="json")]
#: Seconds, or "off" for zero.
SecondsOrOff = Annotated[
    float,
    BeforeValidator(_seconds_or_off),
    PlainSerializer(lambda seconds: _show_seconds(seconds) if seconds else "off", return_type=str, when_used="json"),
]
#: Bytes, also "500kB", "16MiB".
Bytes = Annotated[int, BeforeValidator(_bytes), PlainSerializer(_show_bytes, return_type=str, when_used="json")]
#: An absolute path; `~` is the home directory, relative paths are resolved against the working directory.
Directory = Annotated[Path, BeforeValidator(_path)]
File = Annotated[Path, BeforeValidator(_path)]
Address = Annotated[Listen, BeforeValidator(Listen.parse), PlainSerializer(str, return_type=str, when_used="json")]
Networks = Annotated[
    tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...], BeforeValidator(_split_list)
]
NameServers = Annotated[tuple[Annotated[str, AfterValidator(_name_server)], ...], BeforeValidator(_split_list)]
Contact = Annotated[str, AfterValidator(_contact)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
KnownHosts = Annotated[tuple[str, ...], BeforeValidator(_known_hosts)]
#: One login for each origin, or for each user of a server with drop folders; shown without secrets.
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

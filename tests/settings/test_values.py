from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ingestd.archive.objects.address import ObjectAddress, ObjectKey
from ingestd.settings.access import AllowedHosts
from ingestd.settings.raw_archive import ArchiveKeys, ArchivePlace
from ingestd.settings.values import (
    Address,
    Bytes,
    Contact,
    DatabaseUrl,
    Listen,
    Logins,
    NameServers,
    Networks,
    Seconds,
    with_async_driver,
    without_secrets,
)


def read(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def shown(kind: Any, value: object) -> object:
    return TypeAdapter(kind).dump_python(read(kind, value), mode="json")


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8790", Listen(host="127.0.0.1", port=8790)),
        ("localhost:0", Listen(host="localhost", port=0)),
        ("[::1]:8790", Listen(host="::1", port=8790)),
        ("unix:/run/ingestd/health.sock", Listen(path=Path("/run/ingestd/health.sock"))),
    ],
)
def test_a_listening_address_is_a_port_or_a_socket(text: str, listen: Listen) -> None:
    assert read(Address, text) == listen
    assert str(listen) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8790",
        "localhost",
        ":8790",
        "::1:8790",
        "[::1]",
        "[::g]:1",
        "a b:1",
        "localhost:65536",
        "unix:",
        "http://localhost:1",
    ],
)
def test_an_invalid_listening_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be HOST:PORT"):
        Listen.parse(text)


@pytest.mark.parametrize(
    ("kind", "value", "read_as"),
    [
        (Seconds, 90, 90.0),
        (Seconds, "90", 90.0),
        (Seconds, "1h30m", 5400.0),
        (Bytes, 1024, 1024),
        (Bytes, "16MiB", 16 * 2**20),
        (Networks, "127.0.0.0/8, ::1/128,", (ip_network("127.0.0.0/8"), ip_network("::1/128"))),
        (Networks, '["10.0.0.0/8"]', (ip_network("10.0.0.0/8"),)),
        (Networks, ["192.0.2.1"], (ip_network("192.0.2.1/32"),)),
        (Networks, "", ()),
        (NameServers, "192.0.2.53,[2001:db8::53]:5353", ("192.0.2.53", "[2001:db8::53]:5353")),
        (NameServers, ["2001:db8::53", "localhost:5353"], ("2001:db8::53", "localhost:5353")),
        (ArchivePlace, "off", "off"),
        (ArchivePlace, "/var/lib/x", Path("/var/lib/x")),
        (ArchivePlace, "s3://news", ObjectAddress(scheme="s3", bucket="news")),
        (
            ArchivePlace,
            "s3://news/raw/a/?endpoint=http://minio:9000&region=fra-1",
            ObjectAddress(scheme="s3", bucket="news", prefix="raw/a", endpoint="http://minio:9000", region="fra-1"),
        ),
        (ArchivePlace, "file:///mnt/my%20archive/", ObjectAddress(scheme="file", prefix="/mnt/my archive")),
        (
            ArchiveKeys,
            "# keys\n\ns3://news id s/cret+",
            (ObjectKey(scheme="s3", bucket="news", name="id", secret="s/cret+"),),
        ),
        (ArchiveKeys, ["gs://news /etc/key.json"], (ObjectKey(scheme="gs", bucket="news", name="/etc/key.json"),)),
        (Contact, "https://news.example/bot", "https://news.example/bot"),
        (Contact, "desk@news.example", "desk@news.example"),
    ],
)
def test_values_are_read_as_people_write_them(kind: Any, value: object, read_as: object) -> None:
    assert read(kind, value) == read_as


def test_a_path_is_made_absolute_and_its_tilde_expanded() -> None:
    assert read(ArchivePlace, "~/x") == Path.home() / "x"
    assert read(ArchivePlace, "x") == Path.cwd() / "x"


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Seconds, True, "'true' is not a duration"),
        (Seconds, [1], "is not a duration"),
        (Bytes, 1.5, "'1.5' is not a size"),
        (Bytes, True, "'True' is not a size"),
        (Networks, "10.0.0.1/8", "10.0.0.1/8 has host bits set"),
        (Networks, "[1", "should be a list"),
        (Networks, 3, "valid tuple"),
        (NameServers, "a b", "'a b' should be HOST"),
        (ArchivePlace, "", "should be a path"),
        (ArchivePlace, "a\0b", "should be a path"),
        (ArchivePlace, "ftp://news", "the address should be s3://BUCKET"),
        (ArchivePlace, "s3:///archive", "should name a bucket, as in s3://news/archive"),
        (ArchivePlace, "s3://id:secret@news", "should have no key; put it into archive_keys"),
        (ArchivePlace, "s3://news?secret=x", "has the parameter 'secret'; allowed for s3:// are: endpoint, region"),
        (ArchivePlace, "gs://news?region=x", "allowed for gs:// are: none"),
        (ArchivePlace, "s3://news?endpoint=minio:9000", "has an endpoint that is no URL"),
        (ArchivePlace, "s3://news/a/../b", "has a prefix other than letters"),
        (ArchivePlace, "file://host/mnt", "should name a directory by its absolute path"),
        (ArchiveKeys, "s3://news id", "line 1: should be s3://NAME ID SECRET"),
        (ArchiveKeys, "\nnews id secret", "line 2: should begin with s3://BUCKET"),
        (Contact, "desk", "should be a web page"),
        (Contact, "desk@news.example\r\nX-Evil: 1", "should be a web page"),
        (Contact, "https://news.example/)", "should be a web page"),
    ],
)
def test_an_error_says_what_the_value_should_be(kind: Any, value: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read(kind, value)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Seconds, 900, "15m"),
        (Seconds, 1.5, "1.5s"),
        (Seconds, 90_061, "90061s"),
        (Seconds, 1_234_567.5, "1234567.5s"),
        (Bytes, 16 * 2**20, "16MiB"),
        (Bytes, 1_000_001, "1000001"),
        (Networks, "10.0.0.0/8", ["10.0.0.0/8"]),
        (Address, "[::1]:1", "[::1]:1"),
    ],
)
def test_values_are_shown_in_a_form_that_can_be_read_back(kind: Any, value: object, text: object) -> None:
    assert shown(kind, value) == text
    assert read(kind, text) == read(kind, value)


WIRE, PAPER = "https://wire.example basic desk s3same", "http://paper.example:8080 query key s3same"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([WIRE, PAPER], id="a list"),
        pytest.param(f"{WIRE}\n{PAPER}", id="lines"),
        pytest.param(f"# the wire, until March\r\n\r\n {WIRE}\r\n  # and\r\n{PAPER} \r\n", id="with comments"),
    ],
)
def test_logins_are_lines_and_shown_without_secrets(value: object) -> None:
    logins = read(Logins, value)

    assert [login.value for login in logins] == ["Basic ZGVzazpzM3NhbWU=", "s3same"]
    assert shown(Logins, value) == ["https://wire.example basic", "http://paper.example:8080 query key"]
    assert TypeAdapter(Logins).dump_python(logins) == shown(Logins, value)
    assert read(Logins, logins) == logins


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("\n# x\nhttps://wire.example s3same", "line 3: should be ORIGIN basic USER PASSWORD"),
        ([WIRE, "", "https://paper.example/s3same bearer s3same"], "line 3: the origin should be"),
        ("s3same\nhttps://paper.example header Host s3same", "line 1: should be .*; line 2: the header Host cannot"),
        (f"{WIRE}\n{PAPER}\nHTTPS://wire.example:443 bearer s3same",
         "line 3: https://wire.example already has a login in line 1"),
        ("https://wire.example header X-Key s3same\rX-Evil: s3same", "line 1: .*without control characters"),
        (["https://wire.example header X-Key s3same\nX-Evil: s3same"], "line 1: .*without control characters"),
        ("https://wire.example bearer s3same\n s3same", "line 2: should be"),
        (3, "should be lines"),
        (["https://wire.example bearer x", 3], "should be lines"),
        ({"https://wire.example": "s3same"}, "should be lines"),
    ],
)  # fmt: skip
def test_a_wrong_login_is_reported_by_line_number_without_secrets(value: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        read(Logins, value)

    [detail] = caught.value.errors(include_input=False)
    assert "s3same" not in str(detail)


@pytest.mark.parametrize(
    ("url", "with_driver"),
    [
        ("sqlite:////var/lib/x.db", "sqlite+aiosqlite:////var/lib/x.db"),
        ("sqlite+pysqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("postgresql://u:p%40@h:5432/d?sslmode=require", "postgresql+psycopg://u:p%40@h:5432/d?sslmode=require"),
        ("postgres://h/d", "postgresql+psycopg://h/d"),
        ("postgresql+asyncpg://h/d", "postgresql+psycopg://h/d"),
        ("postgresql:///d?host=/run/postgresql", "postgresql+psycopg:///d?host=/run/postgresql"),
    ],
)
def test_a_database_url_gets_its_async_driver(url: str, with_driver: str) -> None:
    assert with_async_driver(read(DatabaseUrl, url).get_secret_value()) == with_driver


@pytest.mark.parametrize(
    "url",
    ["", "mysql://u:secret@h/d", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite+aiosqlite://",
     "postgresql:secret", "postgresql://u:secret@h:port/d", "news.db", "sqlite3:///x.db"],
)  # fmt: skip
def test_an_invalid_database_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(DatabaseUrl, url)

    [detail] = caught.value.errors(include_input=False)
    assert "secret" not in str(detail)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("sqlite:////var/lib/x.db", "sqlite:////var/lib/x.db"),
        ("sqlite+aiosqlite:///x.db?timeout=1", "sqlite:///x.db"),
        ("sqlite:////var/lib/ingestd@2/x.db", "sqlite:////var/lib/ingestd@2/x.db"),
        ("postgresql+psycopg://u:p@h:5432/d?sslmode=require", "postgresql://h:5432/d"),
        ("postgresql://u:p/w@h/d", "postgresql://h/d"),
        ("postgresql://u:p?w@h/d", "postgresql://h/d"),
        ("postgresql:///d?user=u&password=p", "postgresql:///d"),
    ],
)
def test_a_database_url_is_shown_without_user_password_and_parameters(url: str, text: str) -> None:
    assert without_secrets(url) == text
    assert shown(DatabaseUrl, url) == text


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ("News.example.org, ingestd", ("news.example.org", "ingestd")),
        (["192.0.2.1", "2001:db8::1"], ("192.0.2.1", "2001:db8::1")),
    ],
)
def test_allowed_hosts_are_names_and_addresses(given: object, hosts: tuple[str, ...]) -> None:
    assert read(AllowedHosts, given) == hosts


@pytest.mark.parametrize("given", ["https://news.example.org", "news.example.org:443", "*", "a b", "a/b"])
def test_anything_else_is_no_allowed_host(given: str) -> None:
    with pytest.raises(ValidationError, match="should be a host without scheme and port"):
        read(AllowedHosts, given)


def test_the_secret_of_a_key_is_never_shown() -> None:
    [key] = read(ArchiveKeys, "s3://news id s3cr3t t0k3n")

    assert str(key) == "s3://news ***"
    assert "s3cr3t" not in repr(key)
    assert "t0k3n" not in repr(key)
    for line in ("s3://news id s3cr3t t0k3n more", "s3://news/prefix id s3cr3t", "s3://news?s3cr3t"):
        with pytest.raises(ValidationError) as caught:
            read(ArchiveKeys, line)
        assert "s3cr3t" not in caught.value.errors(include_input=False)[0]["msg"]


def test_the_file_of_a_key_may_be_a_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/ingestd.service")

    found = read(ArchiveKeys, "gs://news account\ngs://other /etc/other.json\ns3://news id secret")

    assert [key.name for key in found] == ["/run/credentials/ingestd.service/account", "/etc/other.json", "id"]

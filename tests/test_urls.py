from urllib.parse import urljoin, urlsplit, urlunsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.urls import (
    comparable,
    folder_path,
    is_folder,
    is_inbox,
    is_remote_folder,
    normalise,
    pacing_key,
    resolve,
    site,
    source_url,
    without_userinfo,
)

BASE = "https://news.example/world/index.html"


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("story.html", "https://news.example/world/story.html"),
        ("/a", "https://news.example/a"),
        ("../a", "https://news.example/a"),
        ("//other.example/a", "https://other.example/a"),
        ("?page=2", "https://news.example/world/index.html?page=2"),
        ("  http://other.example/a\n", "http://other.example/a"),
        ("http://other.example:8080/a", "http://other.example:8080/a"),
    ],
)
def test_references_resolve_against_the_page(reference: str, url: str) -> None:
    assert resolve(BASE, reference) == url


@given(
    st.sampled_from(["http://news.example", "https://news.example", "https://a-b.example", "http://192.0.2.7"]),
    st.text(alphabet="/az.~%2F;:@,=&!?#-_", max_size=12),
)
def test_absolute_urls_resolve_as_the_library_resolves_them(origin: str, rest: str) -> None:
    reference = f"{origin}/{rest}"

    assert resolve(BASE, reference) == urljoin(BASE, reference)


@pytest.mark.parametrize(
    "reference",
    [None, "", "  ", "mailto:desk@news.example", "javascript:void(0)", "data:text/html,x", "ftp://news.example/",
     "http://", "http:///a", "http://[::1", "http://news.example:port/", "http://news.example:99999/"],
)  # fmt: skip
def test_references_that_are_not_http_urls_resolve_to_none(reference: str | None) -> None:
    assert resolve(BASE, reference) is None


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTPS://News.Example/A", "https://news.example/A"),
        ("https://news.example", "https://news.example/"),
        ("https://news.example.:443/", "https://news.example/"),
        ("http://news.example:80/", "http://news.example/"),
        ("https://news.example:80/", "https://news.example:80/"),
        ("https://editor:secret@news.example/a#top", "https://news.example/a"),
        ("https://news.example/a?utm_source=x&UTM_medium=y", "https://news.example/a"),
        ("https://news.example/a?fbclid=1&gclid=2&dclid=3&msclkid=4&mc_cid=5", "https://news.example/a"),
        ("https://news.example/a?utm%5Fsource=x&id=1", "https://news.example/a?id=1"),
        ("https://news.example/a?id=1&b=x%20y&utm_source=z", "https://news.example/a?id=1&b=x%20y"),
        ("https://news.example/a?flag&utm_source=z", "https://news.example/a?flag"),
        ("https://news.example/a?utmost=1", "https://news.example/a?utmost=1"),
        ("https://news.example/a?b=2&a=1", "https://news.example/a?b=2&a=1"),
        ("https://news.example/ä b?q=ü", "https://news.example/%C3%A4%20b?q=%C3%BC"),
        ("https://news.example/%7eanna/%c3%bc", "https://news.example/~anna/%C3%BC"),
        ("https://news.example/a%2Fb%3F", "https://news.example/a%2Fb%3F"),
        ("https://news.example/100%", "https://news.example/100%"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://☃.example/", "https://xn--n3h.example/"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
    ],
)
def test_equivalent_urls_have_the_same_normal_form(url: str, same: str) -> None:
    assert normalise(url) == same
    assert normalise(same) == same


@pytest.mark.parametrize(
    "host", ["paper.example", "Paper.example", "paper.example.", "a..b", "1.2.3.4", "xn--a", "a@b", "p\u00e9.example"]
)
@pytest.mark.parametrize(
    "rest",
    ["", "/", "//", "/a", "/a/../b", "/%41", "/a b", "/a?b=1", "/a?utm_source=x", "/a#b", "/a;b", "/a|b", "/a,b@c:1",
     ":80/", ":443/", ":8000/a", ":0/", ":080/", ":65536/", ":800/", ":4433/", "/\n", " /", "\\a"],
)  # fmt: skip
def test_a_url_is_compared_in_its_normal_form_also_where_that_is_not_made(host: str, rest: str) -> None:
    for scheme in ("http", "https"):
        url = f"{scheme}://{host}{rest}"
        try:
            normal = normalise(url)
        except ValueError:
            normal = url
        assert comparable(url) == normal


@pytest.mark.parametrize(
    "url",
    ["", "news.example/a", "/a", "ftp://news.example/", "http://", "http://[::1", "http://news.example:x/",
     "https://news.example/\ud800", f"https://{'ü' * 70}.example/"],
)  # fmt: skip
def test_only_http_urls_are_normalised(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the messages are of several libraries
        normalise(url)


def test_the_error_shows_the_url_without_its_password() -> None:
    with pytest.raises(ValueError, match=r"^not an http\(s\) URL: ftp://news\.example/$"):
        normalise("ftp://editor:secret@news.example/")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://editor:secret@news.example/a?b#c", "https://news.example/a?b#c"),
        ("https://token@news.example:8443/", "https://news.example:8443/"),
        ("https://editor:se@cret@news.example/", "https://news.example/"),
        ("https://editor:se/cret@news.example/", "https://news.example/"),
        ("postgresql://ingestd:secret@db.example/news", "postgresql://db.example/news"),
        ("https://social.example/@desk", "https://social.example/@desk"),
        ("http://editor:secret@[::1", "http://[::1"),
        ("no URL at all", "no URL at all"),
    ],
)
def test_urls_are_shown_without_user_info(url: str, shown: str) -> None:
    assert without_userinfo(url) == shown


#: Pieces of URLs, among them those that only a parser of the whole URL reads rightly.
PIECES = ["http://", "https://", "HTTP://", "//", "news.example", "Desk.Example.", "192.0.2.7", "[::1]", "a_b", "é",
          ":80", ":8443", ":x", ":", ":99999", "/", "/a/../b", "//c", "?", "?q=1", "#", "#f", "@", "a:b@", "\t", "\n",
          " ", "\\", "%2F", ";", "|"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_urls_are_shown_and_grouped_as_the_library_parses_them(url: str) -> None:
    """Plain URLs are not parsed: the shortcut has the result of the parser."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return
    host = parts.hostname or ""

    assert without_userinfo(url) == urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    assert site(url) == site(urlunsplit(("ftp", f"[{host}]" if ":" in host else host, "", "", "")))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://news.bbc.co.uk/x", "bbc.co.uk"),
        ("https://www.example.com:8443/x", "example.com"),
        ("https://EXAMPLE.com./x", "example.com"),
        ("https://desk.github.io/x", "github.io"),
        ("http://127.0.0.1:8600/", "127.0.0.1"),
        ("http://[0:0::1]:8600/", "::1"),
        ("http://localhost:8000/", "localhost"),
        ("https://co.uk/", "co.uk"),
        ("https://www.news.kobe.jp/", "www.news.kobe.jp"),  # any name below kobe.jp is a suffix, ...
        ("https://www.city.kobe.jp/", "city.kobe.jp"),  # ... except this
        ("https://desk.news.ck/", "desk.news.ck"),
        ("https://desk.www.ck/", "www.ck"),
        ("https://wire.corp.internal/", "wire.corp.internal"),
        ("https://www.münchen.example.de/", "example.de"),
        ("https://desk.news.公司.cn/", "news.公司.cn"),
        ("https://desk.news.xn--55qx5d.cn/", "news.xn--55qx5d.cn"),
        ("https://desk。bbc．co｡uk/", "bbc.co.uk"),
        ("https://desk..example/", "desk..example"),
        ("no URL", ""),
    ],
)
def test_a_site_is_the_registrable_domain_or_the_ip_address(url: str, name: str) -> None:
    assert site(url) == name


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("https://news.example/feed", "https://news.example/feed"),
        ("/var/spool/wire", "file:///var/spool/wire/"),
        ("//var/spool/./wire//", "file:///var/spool/wire/"),
        ("/var/spool/../spool/wire", "file:///var/spool/wire/"),
        ("file:///var/spool/wire", "file:///var/spool/wire/"),
        ("file://localhost/var/spool/wire/", "file:///var/spool/wire/"),
        ("file:/var/spool/wire/", "file:///var/spool/wire/"),
        ("/srv/a wire/ü", "file:///srv/a%20wire/%C3%BC/"),
        ("file:///srv/a%20wire/", "file:///srv/a%20wire/"),
        ("inbox:wire-1", "inbox:wire-1"),
        ("ftp://desk@WIRE.example:21", "ftp://desk@wire.example/"),
        ("ftp://wire.example/%2Fsrv/out", "ftp://wire.example/%2Fsrv/out/"),
        ("FTPS://wire.example:990/a wire//", "ftps://wire.example:990/a%20wire/"),
        ("sftp://de%40sk@straße.example:22/~/ü", "sftp://de%40sk@xn--strae-oqa.example/~/%C3%BC/"),
        ("sftp://[::1]:2222/out", "sftp://[::1]:2222/out/"),
    ],
)
def test_a_source_has_one_address_however_it_is_written(name: str, url: str) -> None:
    assert source_url(name) == url
    assert source_url(url) == url


@pytest.mark.parametrize(
    "name",
    [
        "/",
        "file:///",
        "file://server/wire/",
        "file:wire",
        "wire",
        "inbox:",
        "inbox:a b",
        "inbox:a/b",
        "/a\0b",
        "ftp:///a",
        "sftp://wire.example:x/",
        "ftp://wire.example/%0D%0ADELE",
        "ftp://a%0Ab@wire.example/",
        "sftp://wire.example/a/../b",
        "ftps://wire.example/?a",
    ],
)
def test_an_invalid_source_address_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^not "):
        source_url(name)


def test_a_folder_has_a_file_url_and_a_pacing_key_of_its_own() -> None:
    url = source_url("/srv/a wire/ü")

    assert str(folder_path(url)) == "/srv/a wire/ü"
    assert (is_folder(url), is_inbox(url), is_inbox("inbox:a")) == (True, False, True)
    assert (pacing_key(url), pacing_key("https://news.bbc.co.uk/feed")) == (url, "bbc.co.uk")


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
def test_a_remote_folder_is_paced_by_its_address_without_its_user(scheme: str) -> None:
    url = source_url(f"{scheme}://desk@wire.example/out")

    assert (is_folder(url), is_remote_folder(url), is_remote_folder("file:///out/")) == (True, True, False)
    assert pacing_key(url) == f"{scheme}://wire.example/out/"


def test_a_password_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match=r"^password in the address: sftp://wire\.example/; put it into") as caught:
        source_url("sftp://desk:s3same@wire.example/")

    assert "s3same" not in str(caught.value)

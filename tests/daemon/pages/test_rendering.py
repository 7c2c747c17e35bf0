import base64
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from lxml import html

from ingestd.daemon.checks import Check, Report, Verdict
from ingestd.daemon.pages.rendering import CONTENT_SECURITY_POLICY, Lists, render

NOON = datetime(2020, 6, 24, 12, tzinfo=UTC)

REPORT = Report(
    uptime=3725.0,
    run_id="r",
    stopping=False,
    checks=(
        Check(name="scheduler:lag", value=0.0, unit="s", at=NOON),
        Check(
            name="sources:overdue",
            value=2,
            unit="sources",
            at=NOON,
            verdict=Verdict(status="warn", output="sources were due over five minutes ago"),
        ),
    ),
)

SOURCE: dict[str, Any] = {
    "url": "https://wire.example/feed", "title": "The Wire", "state": "active", "failures": 0, "run_id": None,
    "last_polled_at": NOON, "last_success_at": NOON, "due_at": NOON, "last_error": None,
}  # fmt: skip
RECORD: dict[str, Any] = {
    "headline": "Harbour bridge reopens", "uri": "https://paper.example/bridge", "url": None, "revision": 1,
    "pubstatus": "usable", "change": "new",
    "updated_at": NOON, "carriers": 2, "source_title": "The Wire", "source_url": "https://wire.example/feed",
}  # fmt: skip
FAILURE: dict[str, Any] = {
    "at": NOON, "stage": "fetch", "error": "TimedOut", "message": "no answer within 30 s", "attempt": 5,
    "url": "https://paper.example/slow", "source_url": None, "entry_state": "quarantined",
}  # fmt: skip
POLL: dict[str, Any] = {
    "at": NOON, "source_title": None, "source_url": "https://wire.example/feed", "outcome": "not_modified",
    "error": None, "status": 304, "listed": None, "added": None, "changed": None, "size": 0, "seconds": 0.125,
}  # fmt: skip


def page(
    *,
    sources: list[dict[str, Any]] | None = None,
    total: int | None = None,
    records: list[dict[str, Any]] | None = None,
    failures: list[dict[str, Any]] | None = None,
    polls: list[dict[str, Any]] | None = None,
) -> str:
    shown = [SOURCE] if sources is None else sources
    lists = Lists(
        sources=shown,
        polls=polls or [],
        records=records or [],
        failures=failures or [],
    )
    return render(REPORT, lists, {"sources": len(shown) if total is None else total, "records": 1234}, note=None)


def text(markup: str) -> str:
    return " ".join(" ".join(html.document_fromstring(markup).find("body").itertext()).split())


def test_the_page_shows_status_counts_and_lists() -> None:
    shown = text(page(records=[RECORD], failures=[FAILURE], polls=[POLL]))

    for said in (
        "ingestd warn", "up 1h2m", "sources:overdue: sources were due over five minutes ago", "records 1,234",
        "The Wire active 2020-06-24 12:00:00", "Harbour bridge reopens The Wire 2020-06-24 12:00:00 1 2",
        "TimedOut no answer within 30 s https://paper.example/slow 5, quarantined", "not modified (304) – – – – 125ms",
    ):  # fmt: skip
        assert said in shown


def test_times_are_machine_readable() -> None:
    assert '<time datetime="2020-06-24T12:00:00Z">2020-06-24 12:00:00</time>' in page()


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def test_hostile_text_is_escaped() -> None:
    markup = page(
        sources=[SOURCE | {"title": HOSTILE, "last_error": HOSTILE, "state": "paused"}],
        records=[RECORD | {"headline": HOSTILE, "source_title": HOSTILE, "uri": f"https://x.example/{HOSTILE}"}],
        failures=[FAILURE | {"message": HOSTILE, "url": f"https://x.example/{HOSTILE}"}],
        polls=[POLL | {"source_title": HOSTILE}],
    )

    root = html.document_fromstring(markup)
    assert not root.xpath("//script | //img | //*[@*[starts-with(name(), 'on')]]")
    assert text(markup).count("<script>alert(1)</script>") == 7


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", " JavaScript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "//elsewhere.example/", "/health", "", None,
    ],
    ids=repr,
)  # fmt: skip
def test_only_http_urls_are_links(url: str | None) -> None:
    root = html.document_fromstring(page(records=[RECORD | {"uri": url, "url": url}]))

    assert root.xpath("//a/@href") == ["health", "metrics"]
    assert "Harbour bridge reopens" in root.text_content()


def test_links_send_no_referrer() -> None:
    root = html.document_fromstring(page(records=[RECORD]))

    [link] = root.xpath("//a[@href='https://paper.example/bridge']")
    assert link.get("rel") == "noopener noreferrer"


def test_user_info_is_never_shown() -> None:
    secret = "https://wire:secret@wire.example/feed"

    markup = page(
        sources=[SOURCE | {"title": None, "url": secret, "last_error": f"Refused: {secret}", "failures": 1}],
        records=[RECORD | {"uri": secret, "source_title": None, "source_url": secret}],
        failures=[FAILURE | {"url": None, "source_url": secret, "message": f"{secret}: HTTP 500"}],
        polls=[POLL | {"source_url": secret}],
    )

    assert "wire.example/feed" in markup
    assert "secret" not in markup


def test_a_long_list_of_sources_shows_how_many_more_there_are() -> None:
    assert "and 1,034 more" in text(page(sources=[SOURCE] * 200, total=1234))
    assert " more:" not in text(page())


def test_an_empty_database_is_shown_as_empty() -> None:
    assert "ingestd sources add URL" in text(page(sources=[]))


def test_without_the_database_the_page_has_a_note_and_the_checks() -> None:
    shown = text(render(REPORT, None, None, note="the database did not answer within 0.8 s: there is nothing to show"))

    assert "the database did not answer within 0.8 s" in shown
    assert "scheduler:lag pass" in shown


def test_the_page_loads_nothing_and_the_policy_allows_its_own_style_only() -> None:
    markup = page(records=[RECORD])

    [style] = re.findall(r"<style>(.*?)</style>", markup, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert CONTENT_SECURITY_POLICY.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert not html.document_fromstring(markup).xpath("//link | //script | //img | //*[@style]")


@pytest.mark.parametrize(
    ("pubstatus", "change", "marked"),
    [
        ("usable", "new", ""), ("usable", "corrected", "corrected"), ("canceled", "killed", "killed"),
        ("withheld", "withheld", "withheld"),
    ],
)  # fmt: skip
def test_a_record_is_marked_by_its_status_and_a_correction_as_such(pubstatus: str, change: str, marked: str) -> None:
    row = RECORD | {"pubstatus": pubstatus, "change": change}
    if pubstatus != "usable":
        row |= {"headline": None, "uri": None}
    root = html.document_fromstring(page(records=[row]))

    cells = root.xpath("//h2[@id='records']/following-sibling::div[1]//tr[2]/td")

    assert " ".join(cells[1].text_content().split()) == marked
    assert cells[0].text_content().strip() == (f"({marked})" if pubstatus != "usable" else RECORD["headline"])

"""A daemon with logins: the secrets reach the publisher, and nothing that is stored, logged or shown."""

import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import MetaData, create_engine, select

from ingestd.settings.values import with_async_driver
from tests.backfill.backfills import atom, page
from tests.cli import running
from tests.daemon.processes import PATIENCE, Start, ingestd
from tests.support.archived import archived_contents
from tests.support.papers import Papers

KEY, TOKEN = "k3y-of-the-desk", "t0ken-of-the-wire"


def everything(database_url: str) -> str:
    """Return every row of every table."""
    engine = create_engine(with_async_driver(database_url).replace("+aiosqlite", ""))
    try:
        with engine.connect() as connection:
            tables = MetaData()
            tables.reflect(connection)
            return "\n".join(
                f"{table.name}: {dict(row._mapping)}"
                for table in tables.sorted_tables
                for row in connection.execute(select(table))
            )
    finally:
        engine.dispose()


def output(config: Path, *arguments: str) -> str:
    """Return what a command prints, in a process of its own when it visits the publisher and logs."""
    if arguments[0] != "try" or "--json" in arguments:
        done = running.ingestd(config, *arguments)
        return done.out + done.error
    process = subprocess.run(
        [sys.executable, "-m", "ingestd", *arguments, "--config", str(config)],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    return process.stdout + process.stderr


def test_no_secret_is_in_rows_files_log_or_output(
    start: Start, papers: Papers, config: Path, database_url: str, tmp_path: Path
) -> None:
    wire = Papers()
    link, feed = papers.url("/1"), papers.url("/feed.xml")
    # The feed needs the key, and repeats it in its content, as many publishers do.
    canonical = f"<head><link rel=canonical href='{link}?key={KEY}'>".encode()
    papers.publish(f"/1?key={KEY}", page("Ferry", 1).replace(b"<head>", canonical))
    older = papers.url(f"/older?page=2&amp;key={KEY}")
    papers.publish(f"/feed.xml?key={KEY}", atom(f"{link}?key={KEY}", older=older))
    closed = wire.publish("/wire.xml", b"", status=401)
    config.write_text(
        f"{config.read_text()}logins = ['{papers.url('')} query key {KEY}', '{wire.url('')} bearer {TOKEN}',\n"
        f"'http://wire.example header X-Key {KEY}']\n"
    )
    for url in (feed, closed):
        ingestd(config, "sources", "add", url, "--unchecked")

    daemon = start()
    readable = daemon.logged("login is sent without TLS")
    daemon.logged("saved")
    daemon.logged("poll failed")
    config.write_text(config.read_text().replace(TOKEN, f"new-{TOKEN}"))
    daemon.process.send_signal(signal.SIGHUP)
    restart = daemon.logged("restart needed")
    assert daemon.end() == 0
    shown = "".join(
        output(config, *words)
        for words in (
            ("try", feed), ("try", feed, "--json"), ("try", closed), ("why", link), ("why", link, "--json"),
            ("sources", "list"), ("failures", "list", "--json"), ("records", "show", "1"), ("config", "show"),
        )
    )  # fmt: skip
    wire.close()

    kept = everything(database_url)
    assert {request for request in papers.requests if KEY not in request} == set()
    assert f"/1?key={KEY}" in papers.requests
    assert (link in kept, "LoginNeeded" in kept, b"Ferry" in archived_contents(tmp_path / "state/archive")) == (
        True,
    ) * 3
    assert "login missing or invalid" in shown
    assert readable["origin"] == "http://wire.example"
    assert restart["changed"] == ["logins"]
    for secret in (KEY, TOKEN):
        assert secret not in kept
        assert secret not in f"{daemon.lines}"
        assert secret not in shown
        assert secret.encode() not in archived_contents(tmp_path / "state/archive")

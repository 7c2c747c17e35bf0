"""The receiver in docs/consumers.md gets what a daemon delivers, and refuses what is not signed."""

import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from ingestd.delivery.kinds.webhook.signature import make_secret
from tests.cli.conftest import write_config
from tests.cli.running import ingestd
from tests.daemon.processes import Daemon
from tests.docs.examples import PAGES, publish
from tests.support.papers import Papers


def test_the_receiver_gets_what_the_daemon_delivers(tmp_path: Path, papers: Papers) -> None:
    publish(papers)
    config, secret = write_config(tmp_path), make_secret()
    port = free_port()
    [code] = re.findall(r"^```python\n(.+?)^```", PAGES["docs/consumers.md"], re.DOTALL | re.MULTILINE)
    script = tmp_path / "receiver.py"
    script.write_text(code.replace("8000", str(port)))
    (tmp_path / "secret.txt").write_text(secret)
    assert len(list(filter(None, code.splitlines()))) == 10
    settings = ["--set", f"url=http://127.0.0.1:{port}/", "--set", f"secret={secret}"]
    assert ingestd(config, "consumers", "add", "newsroom", "--kind", "webhook", *settings).status == 0
    assert ingestd(config, "sources", "add", papers.url("/feed.xml")).status == 0

    receiver = subprocess.Popen(
        [sys.executable, "-u", script], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert receiver.stdout
    lines: Queue[str] = Queue()
    stdout = receiver.stdout

    def read() -> None:
        for line in stdout:
            lines.put(line)

    reading = Thread(target=read)
    reading.start()
    daemon = Daemon(config)
    try:
        line = lines.get(timeout=60)
        with pytest.raises((urllib.error.URLError, ConnectionError, OSError)):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", data=b"{}", timeout=30)
    finally:
        status = daemon.end()
        receiver.kill()
        receiver.wait()
        reading.join(30)
        stdout.close()

    assert re.fullmatch(r"[0-9a-f-]{36}-1 new Winter ferry runs again\n", line)
    assert (status, lines.empty()) == (0, True)


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])

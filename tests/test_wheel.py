"""The wheel: built, installed into an empty environment, and used from there."""

import json
import os
import subprocess
import sys
import threading
import venv
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]

FEED = """<rss version="2.0"><channel><title>The Ferry Times</title><link>http://paper.test/</link>
<item><guid>1</guid><title>Ferry runs again</title><description>It does.</description>
<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[{text}]]></content:encoded></item>
</channel></rss>"""
TEXT = "<p>" + "The ferry between the two islands runs again, the harbour master said on Monday. " * 8 + "</p>"


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)), env={**os.environ, **environment}, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT)
    [path] = folder.glob("*.whl")
    return path


def test_the_wheel_holds_what_is_no_python(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())

    assert {"ingestd/py.typed", "ingestd/demo/stories.toml", "ingestd/migrations/env.py"} <= names
    assert any(name.startswith("ingestd/migrations/versions/0001") for name in names)
    assert any(name.startswith("ingestd/daemon/dashboard/") and name.endswith(".html") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


def test_the_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED.format(text=TEXT))
    venv.create(tmp_path / "venv", with_pip=True)
    program = tmp_path / "venv" / "bin" / "ingestd"
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = {
        "INGESTD_STATE_DIR": str(tmp_path / "state"), "INGESTD_ALLOW_NETWORKS": "127.0.0.0/8", "PYTHONPATH": "",
        "PYTHONSAFEPATH": "1",
    }  # fmt: skip

    run(
        tmp_path / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "-c", ROOT / "constraints.txt", wheel,
    )  # fmt: skip
    upgraded = run(program, "db", "upgrade", **here)
    current = run(program, "db", "current", **here)
    tried = json.loads(run(program, "try", f"http://127.0.0.1:{server.server_port}/feed.xml", "--json", **here))
    server.shutdown()
    server.server_close()

    assert "0001" in upgraded
    assert "0001" in current
    assert tried["title"] == "The Ferry Times"
    assert tried["articles"][0]["body_text"].startswith("The ferry between the two islands")

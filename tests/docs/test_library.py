"""The Python examples of docs/library.md run, one after the other."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.docs.examples import HOST, PAGES, lay_out, publish
from tests.support.papers import Papers


def test_the_examples_of_the_library_run(tmp_path: Path) -> None:
    papers = Papers()
    publish(papers)
    lay_out(tmp_path, papers)
    config = tmp_path / "ingestd.toml"
    config.write_text(f"state_dir = '{tmp_path}/state'\nallow_networks = ['127.0.0.0/8']\nhost_delay = 0\n")
    examples = re.findall(r"```python\n(.*?)```", PAGES["docs/library.md"], re.DOTALL)

    printed = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", example.replace(HOST, papers.url("").rstrip("/"))],
            env={**os.environ, "INGESTD_CONFIG": str(config)}, cwd=tmp_path, capture_output=True, text=True,
            timeout=120, check=True,
        ).stdout
        for example in examples
    ]  # fmt: skip
    papers.close()

    assert len(printed) == 3
    assert all("Winter ferry runs again" in text for text in printed)
    assert "The ferry between the two islands" in printed[0]

"""The command in a process and an environment of its own."""

import subprocess
import sys


def ingestd(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in an environment of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ingestd", *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


LOGINS = "https://wire.example basic desk secret\nhttp://paper.example query key secret\nhttp://127.0.0.1 bearer secret"

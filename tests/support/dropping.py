"""Write files into drop folders: documents of one item with its full text, so that no page is fetched."""

import json
import os
from pathlib import Path

from tests.support.desk import STORY


def item(guid: str, headline: str = "Ferry returns", *, text: str = STORY) -> bytes:
    """Return a JSON Feed of one item without a link."""
    one = {"id": guid, "title": headline, "content_html": f"<p>{headline}: {text}</p><p>{text}</p>"}
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Wire", "items": [one]}).encode()


def write(folder: Path, name: str, body: bytes, *, at: float | None = None) -> Path:
    """Write a file into a folder; `at` is when it was last modified, in seconds since 1970."""
    path = folder / name
    path.write_bytes(body)
    if at is not None:
        os.utime(path, (at, at))
    return path


def drop(folder: Path, name: str, body: bytes) -> Path:
    """Write a file under a hidden name, and rename it when it is complete."""
    return write(folder, f".{name}.tmp", body).rename(folder / name)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()

"""The manifest of a backup: what it holds, to verify it before it is restored."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestd.errors import BackupError
from ingestd.json import to_json
from ingestd.times import parse_iso

#: Format of backups that this program writes, and the only one so far.
FORMAT = 1

NAME, DATABASE, ARCHIVE = "manifest.json", "ingestd.db", "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Contents of a backup."""

    format: int
    created_at: datetime
    #: Version of ingestd, and of the database's schema.
    ingestd: str
    schema: str
    #: Size and SHA-256 of the database file.
    database_size: int
    database_sha256: str
    #: Rows of each table.
    rows: dict[str, int]
    #: Documents in the archive, and their bytes uncompressed.
    documents: int
    document_bytes: int
    #: SHA-256 of the documents that the database refers to but that the archive no longer had, or had damaged.
    missing: tuple[str, ...]


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and flush it and the directory to disk; raises OSError."""
    with (folder / NAME).open("w") as file:
        file.write(to_json(asdict(manifest), indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync_directory(folder)


def read(folder: Path) -> Manifest:
    """Read the manifest of a backup; raises BackupError if there is none, or it cannot be read."""
    try:
        values: dict[str, Any] = json.loads((folder / NAME).read_text())
    except FileNotFoundError as error:
        what = "is not a backup: it has no manifest.json" if folder.is_dir() else "does not exist"
        raise BackupError(f"{folder} {what}; name a directory that `ingestd db backup` has made") from error
    except (OSError, ValueError) as error:
        raise BackupError(f"cannot read {folder / NAME}: {error}") from error
    if values.get("format") != FORMAT:
        raise BackupError(f"{folder} has backup format {values.get('format')}, this program reads format {FORMAT}")
    try:
        created_at = parse_iso(values["created_at"])
        return Manifest(**{**values, "created_at": created_at, "missing": tuple(values["missing"])})
    except (KeyError, TypeError) as error:
        raise BackupError(f"cannot read {folder / NAME}: {error}") from error


def digest(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal; raises OSError."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def sync_directory(folder: Path) -> None:
    """Flush the names in a directory to disk; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What a test does to documents in an archive."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import zstandard

_MAGIC, _HEADER = b"IPK1", 52


def damage_document(root: Path, sha256: str, damage: Callable[[bytes], bytes | None]) -> None:
    """Replace the record of a document by what `damage` makes of it, in a file of its own; None: without a file."""
    with closing(sqlite3.connect(root / "index.sqlite")) as connection, connection:
        query = "SELECT path, kind, day, position, length FROM documents JOIN packs ON packs.id = pack WHERE sha256 = ?"
        path, kind, day, position, length = connection.execute(query, (bytes.fromhex(sha256),)).fetchone()
        new = f"packs/{kind}/{day}-damaged.pack"
        pack = connection.execute("INSERT INTO packs (path, kind, day) VALUES (?, ?, ?)", (new, kind, day)).lastrowid
        update = "UPDATE documents SET pack = ?, position = 0 WHERE sha256 = ?"
        connection.execute(update, (pack, bytes.fromhex(sha256)))
    data = damage((root / path).read_bytes()[position : position + length])
    if data is not None:
        (root / new).write_bytes(data)


def archived_contents(root: Path) -> bytes:
    """Return the contents of all records in an archive, bodies and answers."""
    return b"\n".join(
        zstandard.ZstdDecompressor().decompressobj().decompress(record[_HEADER - len(_MAGIC) :])
        for path in sorted(root.glob("packs/*/*.pack"))
        for record in path.read_bytes().split(_MAGIC)
        if record
    )


def as_loose_file(root: Path, sha256: str) -> Path:
    """Move a document out of its pack into a file of its own, as versions before the packs stored it; return it."""
    path = root / sha256[:2] / sha256[2:4] / f"{sha256}.zst"
    if not path.exists():
        with closing(sqlite3.connect(root / "index.sqlite")) as connection, connection:
            query = "SELECT path, position, length FROM documents JOIN packs ON packs.id = pack WHERE sha256 = ?"
            pack, position, length = connection.execute(query, (bytes.fromhex(sha256),)).fetchone()
            connection.execute("DELETE FROM documents WHERE sha256 = ?", (bytes.fromhex(sha256),))
        path.parent.mkdir(parents=True)
        path.write_bytes((root / pack).read_bytes()[position + _HEADER : position + length])
    return path

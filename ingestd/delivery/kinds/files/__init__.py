"""Consumers of the kind `files`: each message becomes a file in a folder, as newsroom systems take them in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd import urls
from ingestd.delivery.kinds.files.settings import FilesSettings
from ingestd.delivery.kinds.kind import Kind, Opening, Sender
from ingestd.settings import Settings


@asynccontextmanager
async def open_files(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender, which connects when it sends."""
    from ingestd.delivery.kinds.files.sender import FilesSender
    from ingestd.pipeline.runtime import make_folder_opener

    folders = make_folder_opener(opening.operator, opening.fetcher)
    async with FilesSender(opening.settings, folders) as sender:
        yield sender


def _refusal(settings: FilesSettings, form: str, _operator: Settings) -> str | None:
    if form == "thin" and settings.format != "message":
        return f"setting 'format': the form thin has no content to write as {settings.format}; use the form full"
    return None


def _concurrency(settings: FilesSettings) -> int:
    """Return how many files are written at the same time.

    On another host one: servers allow few connections for a login, and one connection writes one file at a time.  On
    this host as many as other kinds send: a consumer with one at a time falls behind whenever the daemon is busy.
    """
    return 1 if urls.is_remote_folder(settings.folder) else 16


KIND = Kind(name="files", settings=FilesSettings, open=open_files, refusal=_refusal, concurrency=_concurrency)

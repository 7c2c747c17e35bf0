"""The archive at a place: a directory of this host, or an address."""

from pathlib import Path

from ingestd.archive.directory import DirectoryArchive
from ingestd.archive.objects.address import ObjectAddress
from ingestd.archive.protocol import Archive
from ingestd.errors import NotInstalled
from ingestd.settings import Settings

#: Directory in `state_dir` for what was read from an archive with an address.
CACHE = "archive-cache"

_MISSING = "object stores need the library obstore, which is not installed; run: pip install 'ingestd[cluster]'"


def archive_at(place: Path | ObjectAddress, settings: Settings, *, is_cached: bool = True) -> Archive:
    """Return the archive at a place, opened with its key in the settings; raises NotInstalled."""
    if isinstance(place, Path):
        return DirectoryArchive(place)
    try:
        # Imported here: a daemon whose archive is a directory neither needs the library nor has its memory to spare.
        from ingestd.archive.objects.archive import ObjectArchive  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "obstore":
            raise
        raise NotInstalled(place.place, _MISSING) from error
    key = next((key for key in settings.archive_keys if key.is_for(place)), None)
    return ObjectArchive(place, key, (settings.state_dir / CACHE, settings.archive_cache) if is_cached else None)

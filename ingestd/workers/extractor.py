"""Identify the extractor of an article: its version and a digest of its extraction rules.

The digest changes with any file or library that extraction uses, so that `reprocess` finds the records extracted by
other rules.  It covers the source files as they are: a changed comment causes pages to be extracted again with the same
result, but a rule that the digest misses would leave pages that are never extracted again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from ingestd import __version__

#: Files and folders of the package that determine a page's article and its hashes; a test follows their imports.
FILES = (
    "articles", "caching.py", "dates", "likeness/content_hash.py", "likeness/normalise.py", "model/markup.py",
    "policy/articles/plausible_dates.py", "policy/articles/recurrence.py", "text.py", "times.py", "urls.py",
    "workers/jobs.py",
)  # fmt: skip

#: The libraries that they use, and those that trafilatura uses.
LIBRARIES = (
    "charset-normalizer", "courlan", "htmldate", "idna", "justext", "lxml", "nh3", "py3langid", "trafilatura",
)  # fmt: skip

#: Files and folders of the package that determine the entries of a feed and their fingerprints.
FEED_FILES = (
    "dates", "formats", "model", "policy/articles", "policy/polling", "policy/wire", "text.py", "times.py", "urls.py",
    "workers/jobs.py", "workers/wire_version.py",
)  # fmt: skip

#: The libraries that they use.
FEED_LIBRARIES = ("feedparser", "lxml")

# Hexadecimal digits of the digest: 48 bits are enough for any number of releases.
_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Extractor:
    """Version and rules of an extractor."""

    #: ingestd and trafilatura, with their versions.
    name: str
    #: A digest of the rules, 12 hexadecimal digits.
    rules: str


def installed_extractor() -> Extractor:
    """Return the extractor of this installation; reading its files takes a few milliseconds."""
    versions = [(name, _version(name)) for name in LIBRARIES]
    return Extractor(
        name=f"ingestd {__version__}, trafilatura {dict(versions)['trafilatura']}"[:40],  # a column's width
        rules=digest([*((name, version.encode()) for name, version in versions), *_files(FILES)]),
    )


def feed_rules() -> str:
    """Return a digest of the rules by which feeds are read, 12 hexadecimal digits."""
    return digest([*((name, _version(name).encode()) for name in FEED_LIBRARIES), *_files(FEED_FILES)])


def digest(parts: Iterable[tuple[str, bytes]]) -> str:
    """Return the digest of named contents; their order and their line ends do not matter."""
    whole = sha256()
    for name, content in sorted(parts):
        whole.update(f"{name}\n".encode() + sha256(content.replace(b"\r\n", b"\n")).digest())
    return whole.hexdigest()[:_LENGTH]


def _files(names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        yield from _below(resources.files("ingestd").joinpath(name), name)


def _below(place: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield a file, or all files in a folder, data files included; except bytecode and editor backups."""
    if place.is_file():
        yield name, place.read_bytes()
        return
    for inside in place.iterdir():
        if not inside.name.startswith((".", "__pycache__")) and not inside.name.endswith((".pyc", "~")):
            yield from _below(inside, f"{name}/{inside.name}")


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "none"

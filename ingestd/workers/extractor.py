"""Which extractor made an article: its versions in words, and a digest of the rules by which it decides.

The digest changes with any of the files and libraries that take part, so that whatever was made by other rules than
the present ones is known.  It is of sources as they stand: a comment that changes costs pages that are cleaned again
and come out as they were, where a rule left out would cost pages that nobody looks at again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from ingestd import __version__

#: What decides how a page becomes an article and which text it is, below the package; a test follows their imports.
FILES = (
    "articles", "likeness", "policy/articles/plausible_dates.py", "policy/articles/recurrence.py", "text.py",
    "times.py", "urls.py", "workers/jobs.py",
)  # fmt: skip

#: The libraries that decide with them, and those that trafilatura decides by.
LIBRARIES = (
    "charset-normalizer", "courlan", "htmldate", "idna", "justext", "lxml", "nh3", "py3langid", "trafilatura",
)  # fmt: skip

# Characters of the digest: 48 bits tell apart more sets of rules than there will ever be.
_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Extractor:
    """What makes articles of pages."""

    #: ingestd and trafilatura, with their versions.
    name: str
    #: A digest of the rules, 12 hexadecimal digits.
    rules: str


def installed_extractor() -> Extractor:
    """Return the extractor that this installation has; reading its files takes a few milliseconds."""
    versions = [(name, _version(name)) for name in LIBRARIES]
    return Extractor(
        name=f"ingestd {__version__}, trafilatura {dict(versions)['trafilatura']}"[:40],  # a column's width
        rules=digest([*((name, version.encode()) for name, version in versions), *_files(FILES)]),
    )


def digest(parts: Iterable[tuple[str, bytes]]) -> str:
    """Return the digest of named contents, in whatever order they come; their line ends don't count."""
    whole = sha256()
    for name, content in sorted(parts):
        whole.update(f"{name}\n".encode() + sha256(content.replace(b"\r\n", b"\n")).digest())
    return whole.hexdigest()[:_LENGTH]


def _files(names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        yield from _below(resources.files("ingestd").joinpath(name), name)


def _below(place: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield a file, or all files in a folder, tables of data included; not what Python or an editor leaves there."""
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

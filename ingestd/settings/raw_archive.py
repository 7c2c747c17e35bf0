"""Types and descriptions of the settings of the archive: where raw bytes are kept, and what opens the place."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, InstanceOf, PlainSerializer

from ingestd.archive.objects.address import ObjectAddress, ObjectKey
from ingestd.settings.values import Bytes, _path


def _place(value: object) -> object:
    if value == "off" or isinstance(value, ObjectAddress):
        return value
    if not isinstance(value, str) or "://" not in value:
        return _path(value)
    try:
        return ObjectAddress.parse(value)
    except ValueError as error:
        raise ValueError(f"the address {error}") from error


def _keys(value: object) -> tuple[ObjectKey, ...]:
    """Read keys from text or a list of lines; raises ValueError with every fault and its line number."""
    lines = value.split("\n") if isinstance(value, str) else value
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str | ObjectKey) for line in lines):
        raise ValueError("should be lines, or a list of them")
    found: list[ObjectKey] = []
    faults = []
    for number, line in enumerate(lines, 1):
        if isinstance(line, str) and (not line.strip() or line.lstrip().startswith("#")):
            continue
        try:
            found.append(line if isinstance(line, ObjectKey) else _with_credential(ObjectKey.parse(line)))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(found)


def _with_credential(key: ObjectKey) -> ObjectKey:
    """Return a key with the path of its file; a bare name is a file in the credentials directory."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if key.scheme != "gs" or not directory:
        return key
    return replace(key, name=str(Path(directory) / Path(key.name).expanduser()))


def parse_place(text: str) -> Path | ObjectAddress:
    """Return a directory or an address, as the setting `archive` has it; raises ValueError."""
    place = _place(text)
    if not isinstance(place, Path | ObjectAddress):
        raise ValueError("should be a directory or an address")  # noqa: TRY004 - as for the setting
    return place


#: A directory of this host, the address of an object store, or "off".
ArchivePlace = Annotated[
    Literal["off"] | Path | InstanceOf[ObjectAddress],
    BeforeValidator(_place),
    PlainSerializer(str, return_type=str, when_used="json"),
    Field(
        description=(
            "Directory for the raw bytes of feeds and pages, compressed; or, for several machines, an address: "
            "s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX, or file:///PATH for a directory that they "
            "share. An address may end in ?endpoint=https://HOST:PORT and &region=NAME. `ingestd archive move` moves "
            'what there is. "off" keeps none; articles can then not be extracted again. Default: archive in state_dir.'
        )
    ),
]
ArchiveKeys = Annotated[
    tuple[InstanceOf[ObjectKey], ...],
    BeforeValidator(_keys),
    PlainSerializer(lambda keys: [str(key) for key in keys], return_type=list[str]),
    Field(
        description=(
            "Keys of object stores, one line for each bucket: s3://BUCKET ID SECRET, or with a TOKEN after it, "
            "az://CONTAINER ACCOUNT KEY, or gs://BUCKET FILE, where FILE is the JSON of a service account or the "
            "name of a credential that holds it. Never shown. Put them into a credential (a file of such lines, where "
            "# begins a comment) or an environment variable. Without one, AWS_ACCESS_KEY_ID and the other usual "
            "variables count, or the role of the machine."
        )
    ),
]
ArchiveCache = Annotated[
    Bytes,
    Field(
        ge=0,
        description=(
            "Size of the cache in state_dir for what is read from an archive with an address, in bytes or with a "
            "unit. 0: none."
        ),
    ),
]

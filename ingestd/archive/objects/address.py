"""Addresses of object stores, and the keys that open them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

#: What each kind of store is called where it keeps objects.
SCHEMES: Mapping[str, str] = {"s3": "bucket", "gs": "bucket", "az": "container", "file": "directory"}

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")
_ENDPOINT = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")
_REGION = re.compile(r"[A-Za-z0-9-]{1,40}")
_PREFIX = re.compile(r"[A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*")
# Parameters of an address, by scheme.
_PARAMETERS = {"s3": ("endpoint", "region"), "az": ("endpoint",), "gs": (), "file": ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectAddress:
    """Where an object store is: s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or file:///DIRECTORY."""

    scheme: str
    #: Empty for a directory.
    bucket: str = ""
    #: Before the names of all objects, without "/" at its ends; for a directory, its absolute path.
    prefix: str = ""
    #: URL of the server; None: that of the provider.
    endpoint: str | None = None
    region: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address; raises ValueError, which quotes nothing that may be a key."""
        parts = urlsplit(text)
        if parts.scheme not in SCHEMES:
            raise ValueError("should be s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or file:///PATH")
        if parts.username is not None or "@" in parts.netloc:
            raise ValueError("should have no key; put it into archive_keys")
        parameters = _parameters(parts.scheme, parts.query)
        path = unquote(parts.path)
        if parts.scheme == "file":
            if parts.netloc or not path.startswith("/") or path == "/" or ".." in path.split("/"):
                raise ValueError("should name a directory by its absolute path, as in file:///mnt/archive")
            return cls(scheme="file", prefix=path.rstrip("/"))
        prefix = path.strip("/")
        if not _BUCKET.fullmatch(parts.netloc):
            raise ValueError(f"should name a {SCHEMES[parts.scheme]}, as in {parts.scheme}://news/archive")
        if prefix and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/"))):
            raise ValueError(f"has a prefix other than letters, digits and . _ = - /: {prefix!r}")
        return cls(scheme=parts.scheme, bucket=parts.netloc, prefix=prefix, **parameters)

    @property
    def place(self) -> str:
        """The address without parameters, for messages."""
        if self.scheme == "file":
            return f"file://{self.prefix}"
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    def __str__(self) -> str:
        parameters = [f"{name}={value}" for name in ("endpoint", "region") if (value := getattr(self, name))]
        return self.place + ("?" + "&".join(parameters) if parameters else "")


def _parameters(scheme: str, query: str) -> dict[str, str]:
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    for name, value in parameters.items():
        if name not in _PARAMETERS[scheme]:
            allowed = ", ".join(_PARAMETERS[scheme]) or "none"
            raise ValueError(f"has the parameter {name!r}; allowed for {scheme}:// are: {allowed}")
        if name == "endpoint" and not _ENDPOINT.fullmatch(value):
            raise ValueError("has an endpoint that is no URL, as in endpoint=https://minio.example:9000")
        if name == "region" and not _REGION.fullmatch(value):
            raise ValueError("has a region that is none, as in region=eu-central-1")
    return parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectKey:
    """Key of one bucket or container; its secret is in no representation."""

    scheme: str
    bucket: str
    #: The access key, the account, or the path of a service account's file.
    name: str
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read "s3://BUCKET ID SECRET [TOKEN]", "az://CONTAINER ACCOUNT KEY" or "gs://BUCKET FILE"; raises ValueError.

        The message quotes nothing of the line.
        """
        place, *words = line.split()
        parts = urlsplit(place)
        least, most = {"s3": (2, 3), "az": (2, 2), "gs": (1, 1)}.get(parts.scheme, (0, 0))
        if not most or parts.path.strip("/") or parts.query or not _BUCKET.fullmatch(parts.netloc):
            raise ValueError("should begin with s3://BUCKET, az://CONTAINER or gs://BUCKET")
        if not least <= len(words) <= most:
            forms = {"s3": "ID SECRET [TOKEN]", "az": "ACCOUNT KEY", "gs": "FILE"}
            raise ValueError(f"should be {parts.scheme}://NAME {forms[parts.scheme]}")
        name, secret, token = [*words, "", ""][:3]
        return cls(scheme=parts.scheme, bucket=parts.netloc, name=name, secret=secret, token=token)

    def is_for(self, address: ObjectAddress) -> bool:
        """Return whether it opens the bucket of an address."""
        return (self.scheme, self.bucket) == (address.scheme, address.bucket)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket} ***"

"""A real S3 server on the loopback: moto's, a process that is started once for the tests of one process.

There is no better one in a package.  PyPI, npm and Debian have neither MinIO nor SeaweedFS, Garage, Versity or RustFS;
s3rver (npm) knows no conditional PUT and is no longer developed; Debian's radosgw needs a Ceph cluster.  moto's server
answers over HTTP, checks `If-None-Match`, pages its listings, and denies unknown keys when it is told to.
"""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config

from ingestd.archive.objects.address import ObjectAddress, ObjectKey

KEY_ID, SECRET = "test-key", "test-secret"

# Serves until its standard input ends, as it does when the tests are killed.
_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


@dataclass(frozen=True, slots=True)
class ObjectServer:
    """The running server."""

    url: str

    def new_bucket(self) -> str:
        """Create a bucket and return its name."""
        name = f"news-{uuid4().hex}"
        self.client().create_bucket(Bucket=name)
        return name

    def address(self, bucket: str, prefix: str = "raw/archive") -> ObjectAddress:
        """Return the address of an archive in a bucket."""
        return ObjectAddress(scheme="s3", bucket=bucket, prefix=prefix, endpoint=self.url, region="us-east-1")

    def key(self, bucket: str) -> ObjectKey:
        """Return the key of a bucket."""
        return ObjectKey(scheme="s3", bucket=bucket, name=KEY_ID, secret=SECRET)

    def client(self) -> Any:
        """Return another program's client."""
        return boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET, config=Config(retries={"max_attempts": 0}),
        )  # fmt: skip

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Return all objects of a bucket by their names."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        names = [one["Key"] for page in pages for one in page.get("Contents", ())]
        return {name: client.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}

    def deny_unknown_keys(self, after: int) -> None:
        """Deny requests whose key no user has, after some more; -1: never."""
        request = urllib.request.Request(
            f"{self.url}/moto-api/reset-auth", data=str(after if after >= 0 else "inf").encode(), method="POST",
            headers={"Content-Type": "text/plain"},
        )  # fmt: skip
        urllib.request.urlopen(request, timeout=10).close()


@contextmanager
def running_object_server(folder: Path) -> Iterator[ObjectServer]:
    """Run a server until the end of the context; its log is in the folder."""
    with (folder / "object-server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    with process:
        assert process.stdout
        yield ObjectServer(f"http://127.0.0.1:{int(process.stdout.readline())}")
        process.communicate(timeout=30)

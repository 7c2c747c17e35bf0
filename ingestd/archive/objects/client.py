"""Client of an object store: few operations, bounded in time, with errors that say what to do.

obstore retries what a server refuses for a moment (5xx, lost connections); what lasts longer is for the caller.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import AzureStore, GCSStore, LocalStore, S3Store

from ingestd.archive import loose
from ingestd.archive.objects.address import SCHEMES, ObjectAddress, ObjectKey
from ingestd.errors import ArchiveError
from ingestd.text import collapse

#: Requests at the same time.
REQUESTS = 32
# Seconds for a connection, for one request, and for a request with its repetitions.
_CONNECT, _REQUEST, _RETRIES = 5, 30, 20
# Names in one request that lists or deletes: the most that S3 takes.
_PAGE = 1000

_CODE = re.compile(r"<Code>([A-Za-z]+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_REFUSED_KEYS = frozenset(
    {
        *("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "AuthFailure"),
        *("AuthorizationFailure", "AuthenticationFailed"),  # Azure
    }
)


class ObjectClient:
    """The objects below one address; every method raises ArchiveError when the store refuses or does not answer."""

    def __init__(self, address: ObjectAddress, key: ObjectKey | None = None) -> None:
        self.address = address
        self._key = key
        self._store: Any = None
        self._slots = asyncio.Semaphore(REQUESTS)

    @property
    def directory(self) -> Path | None:
        """The shared directory; None: it is a server."""
        return Path(self.address.prefix) if self.address.scheme == "file" else None

    def where(self, name: str = "") -> str:
        """Return the address of an object, for messages."""
        return f"{self.address.place}/{name}" if name else self.address.place

    async def create(self, name: str, content: bytes) -> bool:
        """Create an object, and return once it is durable; False: there is one of this name, which stays."""
        try:
            await self._do("cannot write", obstore.put_async, name, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        if self.directory:
            await self._flush(name)
        return True

    async def get(self, name: str) -> bytes | None:
        """Return the content of an object; None: there is none."""
        try:
            found = await self._do("cannot read", obstore.get_async, name)
            return bytes(await self._do_one("cannot read", found.bytes_async()))
        except FileNotFoundError:
            return None

    async def size(self, name: str) -> int | None:
        """Return the bytes of an object; None: there is none."""
        try:
            found = await self._do("cannot read", obstore.head_async, name)
        except FileNotFoundError:
            return None
        return int(found["size"])

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[list[str]]:
        """Yield the names below a prefix (which ends in "/"), those after `after`, in order, some at a time.

        A directory is listed at once: it gives no order.
        """
        store = self._open()
        offset = {"offset": after} if after else {}
        stream = obstore.list(store, prefix, chunk_size=_PAGE, **offset)
        names: list[str] = []
        while True:
            try:
                async with self._slots:
                    page = await anext(stream)
            except StopAsyncIteration:
                break
            except (BaseError, OSError, ValueError) as error:
                if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
                    break
                raise self._error("cannot list", error) from error
            found = [str(one["path"]) for one in page]
            if not self.directory:
                yield found
                continue
            names += [name for name in found if "#" not in name]  # being written
        if self.directory and names:
            yield sorted(names)

    async def names(self, prefix: str) -> Sequence[str]:
        """Return all names below a prefix (which ends in "/"), in order."""
        return [name async for page in self.list(prefix) for name in page]

    async def has_any(self, prefix: str) -> bool:
        """Return whether there is an object below a prefix (which ends in "/")."""
        async for _ in self.list(prefix):
            return True
        return False

    async def folders(self, prefix: str) -> Sequence[str]:
        """Return the names of the folders below a prefix (which ends in "/"), in order, without it."""
        try:
            found = await self._do("cannot list", obstore.list_with_delimiter_async, prefix)
        except FileNotFoundError:
            return []
        return sorted(one.rstrip("/").rpartition("/")[2] for one in found["common_prefixes"])

    async def delete(self, names: Iterable[str], *, overwrite: bool = False) -> None:
        """Delete objects; missing ones are passed over.  `overwrite`: in a directory, their bytes first."""
        unique = list(dict.fromkeys(names))
        if self.directory:
            await self._in_thread("cannot delete", self._unlink, unique, overwrite)
            return
        for start in range(0, len(unique), _PAGE):
            await self._do("cannot delete", obstore.delete_async, unique[start : start + _PAGE])

    async def check(self) -> None:
        """List one page below the address; raises ArchiveError if the store is not there or refuses the key."""
        if self.directory and not self.directory.is_dir():
            raise ArchiveError(f"cannot use {self.where()}: there is no such directory; create it, or mount it")
        await self.has_any("check/")

    async def _do(self, what: str, function: Any, name: Any, *arguments: Any, **options: Any) -> Any:
        store = self._open()
        return await self._do_one(what, function(store, name, *arguments, **options))

    async def _do_one(self, what: str, request: Any) -> Any:
        """Await a request; raises AlreadyExistsError and FileNotFoundError (of one object) as they are."""
        async with self._slots:
            try:
                return await request
            except AlreadyExistsError:
                raise
            except (BaseError, OSError, ValueError) as error:
                is_missing = isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error)
                # A new object cannot be missing, so its directory is.
                if is_missing and what != "cannot write":
                    raise
                raise self._error(what, error) from error

    def _error(self, what: str, error: Exception) -> ArchiveError:
        return ArchiveError(f"{what} {self.where()}: {self._reason(error)}")

    def _reason(self, error: Exception) -> str:
        """Return why a store refused, in one line, without the addresses and headers in obstore's message."""
        text = str(error)
        code, status = _CODE.search(text), _STATUS.search(text)
        named = code[1] if code else f"HTTP {status[1]}" if status else ""
        kind = SCHEMES[self.address.scheme]
        if code and code[1] in ("NoSuchBucket", "ContainerNotFound"):
            return f"there is no {kind} {self.address.bucket}; create it, or correct the address"
        is_refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
        if is_refused or named in _REFUSED_KEYS or named in ("HTTP 401", "HTTP 403"):
            where = "the permissions" if self.directory else "archive_keys"
            return f"access denied{f' ({named})' if named else ''}; check {where}"
        if number := _OS_ERROR.search(text):
            return f"{os.strerror(int(number[1]))}" + ("; mount it or create it" if self.directory else "")
        is_late, is_away = "kind: Timeout" in text, "error sending request" in text
        if not named and (is_late or is_away):
            return f"{'no answer in time' if is_late else 'it cannot be reached'}; check the endpoint and the network"
        return f"the server answers {named}" if named else collapse(text.partition("\n")[0])[:200]

    def _open(self) -> Any:
        if self._store is None:
            try:
                self._store = self._opened()
            except (BaseError, OSError, ValueError) as error:
                raise self._error("cannot use", error) from error
        return self._store

    def _opened(self) -> Any:
        one, key = self.address, self._key
        client: Any = {
            "connect_timeout": timedelta(seconds=_CONNECT),
            "timeout": timedelta(seconds=_REQUEST),
            "allow_http": bool(one.endpoint and one.endpoint.startswith("http://")),
            "pool_max_idle_per_host": str(REQUESTS),
        }
        retry: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=_RETRIES)}
        options: dict[str, Any] = {"client_options": client, "retry_config": retry, "prefix": one.prefix or None}
        config: dict[str, str] = {"endpoint": one.endpoint} if one.endpoint else {}
        if one.scheme == "file":
            return LocalStore(one.prefix)
        if one.scheme == "gs":
            if key and not Path(key.name).is_file():
                raise ArchiveError(f"cannot use {self.where()}: there is no file {key.name}; correct archive_keys")
            return GCSStore(one.bucket, config={"service_account": key.name} if key else {}, **options)
        if one.scheme == "az":
            if key:
                config |= {"account_name": key.name, "account_key": key.secret}
            return AzureStore(one.bucket, config=config, **options)  # type: ignore[arg-type]
        if one.region or one.endpoint:
            config["region"] = one.region or "us-east-1"
        if key:
            config |= {"access_key_id": key.name, "secret_access_key": key.secret}
            if key.token:
                config["session_token"] = key.token
        return S3Store(one.bucket, config=config, **options)  # type: ignore[arg-type]

    async def _in_thread(self, what: str, function: Any, *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(function, *arguments)
        except OSError as error:
            raise ArchiveError(f"{what} {error.filename or self.where()}: {error.strerror}") from error

    async def _flush(self, name: str) -> None:
        await self._in_thread("cannot write", self._sync, name)

    def _sync(self, name: str) -> None:
        """Flush an object of a directory to the disk, and the entries of the directories that may be new."""
        root = Path(self.address.prefix)
        path = root / name
        for one in (path, *(parent for parent in path.parents if parent.is_relative_to(root))):
            number = os.open(one, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)

    def _unlink(self, names: Sequence[str], overwrite: bool) -> None:
        root = Path(self.address.prefix)
        for name in names:
            path = root / name
            with suppress(FileNotFoundError):
                if overwrite:
                    loose.overwrite(path)
                path.unlink()
            with suppress(OSError):  # it is not empty
                path.parent.rmdir()

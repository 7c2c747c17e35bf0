"""Write messages as files."""

from contextlib import AsyncExitStack
from time import monotonic
from types import TracebackType
from typing import Self

from ingestd.delivery.kinds.files.names import file_name
from ingestd.delivery.kinds.files.settings import FilesSettings
from ingestd.delivery.kinds.kind import Receipt, Rendered
from ingestd.drops.outbox import Outbox
from ingestd.errors import EndpointDown, EndpointGone, FetchError, Inaccessible, NotInstalled
from ingestd.model.event import EventKind
from ingestd.model.message import Message
from ingestd.pipeline.folder_opener import FolderOpener
from ingestd.renderers import RENDERERS
from ingestd.renderers.record_items import item_of_message

#: Events after which a story reads differently, or must not be read any more; others make no file of a news format.
CONTENT_EVENTS: frozenset[EventKind] = frozenset(
    ("new", "revised", "corrected", "released", "reprocessed", "killed", "withheld", "purged", "merged")
)
#: A record without content is one of these; else the form of the consumer left it out.
_WITHOUT_CONTENT = frozenset(("killed", "withheld", "purged", "merged"))
#: Seconds for which a connection that nothing is written to is kept; servers end them after some minutes.
_MAX_IDLE = 30.0

_RENDERERS = {renderer.name: renderer for renderer in RENDERERS}


class FilesSender:
    """Sender that writes each message to a folder, over a connection that it keeps."""

    def __init__(self, settings: FilesSettings, folders: FolderOpener) -> None:
        self._settings = settings
        self._folders = folders
        self._stack = AsyncExitStack()
        self._outbox: Outbox | None = None
        self._used_at = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def send(self, rendered: Rendered) -> Receipt:
        """Write a message as a file."""
        event = rendered.message.event
        if self._settings.format == "message":
            name, body = file_name(event, "json"), rendered.body
        elif event.kind in CONTENT_EVENTS or rendered.is_example:
            name, body = self._file_of(rendered.message)
        else:
            return Receipt()
        await self._put(name, body)
        return Receipt(done=f"wrote {name}" if rendered.is_example else None)

    def _file_of(self, message: Message) -> tuple[str, bytes]:
        """Return the name and the content of a message's file in a news format."""
        event = message.event
        if message.record is None and event.pubstatus == "usable" and event.kind not in _WITHOUT_CONTENT:
            raise EndpointGone(f"format {self._settings.format} needs messages with records; set the form to full")
        renderer = _RENDERERS[self._settings.format]
        suffix = "json" if renderer.media_type == "application/json" else "xml"
        return file_name(event, suffix), renderer.render(item_of_message(message))

    async def _put(self, name: str, body: bytes) -> None:
        is_old = self._outbox is not None
        if is_old and monotonic() - self._used_at > _MAX_IDLE:
            await self._close()
            is_old = False
        try:
            try:
                await self._put_once(name, body)
            except FetchError as error:
                if not is_old or isinstance(error, Inaccessible):
                    raise
                # The server may have ended the connection since the last message.
                await self._close()
                await self._put_once(name, body)
        except NotInstalled as error:
            raise EndpointGone(str(error)) from error
        except FetchError as error:
            await self._close()
            raise EndpointDown(str(error)) from error
        except BaseException:  # a connection that was left within a step cannot be used again
            await self._close()
            raise

    async def _put_once(self, name: str, body: bytes) -> None:
        if self._outbox is None:
            self._outbox = await self._stack.enter_async_context(self._folders.open_outbox(self._settings.folder))
        await self._outbox.put(name, body)
        self._used_at = monotonic()

    async def _close(self) -> None:
        self._outbox = None
        await self._stack.aclose()

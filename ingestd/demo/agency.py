"""The wire agency: NewsML-G2 on a server of its own, one message with all that was sent so far."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiohttp import web

from ingestd.demo import rendering
from ingestd.demo.dispatches import TITLE, Dispatch
from ingestd.demo.site import answer, robots


class Agency:
    """A server on a free port of 127.0.0.1.

    `sent` tells what is out at this moment, in the order in which it was sent; nothing else is served.
    """

    title = TITLE

    def __init__(self, sent: Callable[[], tuple[Dispatch, ...]]) -> None:
        #: The address of the messages; known once it is open.
        self.url = ""
        self._sent = sent
        self._opened = datetime.now(UTC)
        self._pace = 1.0
        application = web.Application()
        application.router.add_get("/newsml", self._message)
        application.router.add_get("/robots.txt", robots)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)

    async def open(self, *, now: datetime, pace: float) -> None:
        """Listen; dispatches bear times counted from `now`, `pace` of their seconds to a real one."""
        self._opened, self._pace = now, pace
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/newsml"

    async def close(self) -> None:
        """Close all connections; no harm where it was never open."""
        await self._runner.cleanup()

    def at(self, seconds: float) -> datetime:
        """Return when so many seconds of the newsroom's time have passed."""
        return self._opened + timedelta(seconds=seconds / self._pace)

    async def _message(self, request: web.Request) -> web.Response:
        sent = self._sent()
        changed = self.at(sent[-1].after if sent else 0.0).replace(microsecond=0)
        return answer(request, rendering.message(sent, at=self.at), rendering.NEWSML, changed)

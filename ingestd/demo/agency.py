"""The web server of the wire agency: one NewsML-G2 message with everything sent so far."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiohttp import web

from ingestd.demo import rendering
from ingestd.demo.arrivals import Arrivals
from ingestd.demo.dispatches import DOMAIN, TITLE, Dispatch
from ingestd.demo.site import conditional_response, host_of, robots_txt


class Agency:
    """A server on a free port of 127.0.0.1.

    `sent` returns the dispatches sent so far, in order; nothing else is served.  Requests are written down in `log`.
    """

    title = TITLE

    def __init__(self, sent: Callable[[], tuple[Dispatch, ...]], *, log: Arrivals, named: bool = False) -> None:
        #: The URL of the message; empty until `open`.
        self.url = ""
        self._sent = sent
        self._host = host_of(DOMAIN) if named else "127.0.0.1"
        self._opened = datetime.now(UTC)
        self._pace = 1.0
        application = web.Application(middlewares=[log.middleware(self.title)])
        application.router.add_get("/newsml", self._message)
        application.router.add_get("/robots.txt", robots_txt)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)

    async def open(self, *, now: datetime, pace: float) -> None:
        """Listen; the times of dispatches count from `now`; `pace` of their seconds pass in one second."""
        self._opened, self._pace = now, pace
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://{self._host}:{self._runner.addresses[0][1]}/newsml"

    async def close(self) -> None:
        """Close all connections; does nothing when it is not open."""
        await self._runner.cleanup()

    def time_at(self, seconds: float) -> datetime:
        """Return the time at which `seconds` of the newsroom's time have passed."""
        return self._opened + timedelta(seconds=seconds / self._pace)

    async def _message(self, request: web.Request) -> web.Response:
        sent = self._sent()
        changed = self.time_at(sent[-1].after if sent else 0.0).replace(microsecond=0)
        return conditional_response(request, rendering.message(sent, at=self.time_at), rendering.NEWSML, changed)

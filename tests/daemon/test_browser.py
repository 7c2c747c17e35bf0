"""The login and the status page in a real browser, below the path prefix of a reverse proxy; skipped without one."""

import asyncio
import json
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, web

from ingestd.daemon.health import Health
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.pipeline.inbox import Inbox
from ingestd.settings import Listen
from tests.daemon.services import add_source
from tests.support.agency import ninjs

DRIVER = shutil.which("chromedriver")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(
    not (DRIVER and CHROMIUM), reason="needs chromium and chromedriver (Debian: chromium, chromium-driver) in PATH"
)

TOKEN = "a-token-of-some-length"

SECRET = "Zanzibar"

#: A headline that would change the title of the page if any of it were markup.
HOSTILE = '</td><script>document.title = "broken in"</script><img src=x onerror="document.title = \'broken in\'">'

#: The key of an element in the answers of a driver (W3C WebDriver, 12.1).
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


_STARTED = re.compile(rb"started successfully on port (\d+)")


class Browser:
    """A headless Chromium, driven by W3C WebDriver."""

    def __init__(self, client: ClientSession, session: str) -> None:
        self._client = client
        self._session = session

    async def call(self, method: str, path: str, **values: object) -> Any:
        json = values if method == "POST" else None
        async with self._client.request(method, f"{self._session}/{path}", json=json) as response:
            answer = await response.json()
        assert response.status == 200, answer
        return answer["value"]

    async def find(self, selector: str) -> str:
        found = await self.call("POST", "element", using="css selector", value=selector)
        return f"element/{found[ELEMENT]}"

    async def text(self) -> str:
        return str(await self.run("return document.body.innerText"))

    async def click(self, selector: str) -> None:
        """Click what sends a form, and wait for the page that answers.

        A driver waits for a navigation that has begun only, and under load one begins after the click is answered
        (W3C WebDriver, Element Click).
        """
        await self.run("document.left = true")
        await self.call("POST", f"{await self.find(selector)}/click")
        arrived = False
        async with asyncio.timeout(60):
            while not arrived:
                await asyncio.sleep(0.05)
                with suppress(AssertionError):  # the page went away under the script
                    arrived = await self.run("return !document.left && document.readyState === 'complete'")

    async def run(self, script: str) -> Any:
        return await self.call("POST", "execute/sync", script=script, args=[])

    async def log_in(self, token: str) -> None:
        await self.call("POST", f"{await self.find('input[name=token]')}/value", text=token)
        await self.click("button")

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator["Browser"]:
        # Not a pipe: Chromium inherits it, and asyncio would wait until a Chromium that outlives the driver closes it.
        output = folder.with_name("driver.log")
        with output.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                str(DRIVER), "--port=0", stdout=log, stderr=asyncio.subprocess.DEVNULL
            )
        chromium = None
        try:
            async with asyncio.timeout(60):
                while not (started := _STARTED.search(output.read_bytes())):
                    assert process.returncode is None, "the driver ended"
                    await asyncio.sleep(0.05)
            driver = f"http://127.0.0.1:{int(started[1])}/session"
            # Chromium has no sandbox for root, and a container's /dev/shm may be small.
            arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--user-data-dir={folder}"]
            wanted = {"alwaysMatch": {"goog:chromeOptions": {"binary": CHROMIUM, "args": arguments}}}
            async with ClientSession(timeout=ClientTimeout(60)) as client:
                async with client.post(driver, json={"capabilities": wanted}) as response:
                    answer = await response.json()
                assert response.status == 200, answer
                session = f"{driver}/{answer['value']['sessionId']}"
                chromium = answer["value"]["capabilities"].get("goog:processID")
                yield cls(client, session)
                await client.delete(session)
        finally:
            process.terminate()
            await process.wait()
            if chromium:
                with suppress(ProcessLookupError):
                    os.kill(chromium, signal.SIGKILL)


@asynccontextmanager
async def proxy(target: str) -> AsyncIterator[str]:
    """Pass requests below /ingestd/ on, as the reverse proxy in docs/operations.md does; yields the page's URL."""

    async def forward(request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        url, body = target + request.match_info["path"], await request.read()
        async with client.request(
            request.method, url, headers={**headers, "X-Forwarded-For": "127.0.0.1"}, data=body, allow_redirects=False
        ) as answer:
            kept = {
                name: value for name, value in answer.headers.items() if name.lower() not in ("content-length", "date")
            }
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    app = web.Application()
    app.router.add_route("*", "/ingestd/{path:.*}", forward)
    runner = web.AppRunner(app)
    await runner.setup()
    async with ClientSession(auto_decompress=False) as client:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/ingestd/"
        await runner.cleanup()


async def push(service: Service, *items: dict[str, Any]) -> None:
    """Store items of a wire as records."""
    runtime = service.runtime
    source = await add_source(service, "inbox:wire", title=HOSTILE)
    inbox = Inbox(run_id=runtime.run_id, claims=runtime.claims, database=runtime.database, poller=runtime.ingest.poller)
    for item in items:
        await inbox.receive(source, json.dumps(item).encode(), content_type=None)
    await service.engine.run_until_idle(["pages"])


async def test_a_browser_logs_in_and_out_below_a_path_prefix(service: Service, tmp_path: Path) -> None:
    async with (
        serve(Health(service), Listen(host="127.0.0.1", port=0), Access.with_token(TOKEN)) as address,
        proxy(address) as page,
        Browser.open(tmp_path / "browser") as browser,
    ):
        await browser.call("POST", "url", url=page)
        assert "Latest records" not in await browser.text()
        await browser.log_in("not-the-token-at-all")
        assert "This is not the token." in await browser.text()
        await browser.log_in(TOKEN)
        assert await browser.call("GET", "url") == page
        assert "Latest records" in await browser.text()
        [cookie] = await browser.call("GET", "cookie")
        readable = await browser.run("return document.cookie")
        await browser.click("form button")
        after_click = await browser.call("GET", "url")
        logged_out = await browser.text()
        await browser.call("POST", "url", url=page)
        after = await browser.text()

    assert (cookie["path"], cookie["httpOnly"], cookie["sameSite"]) == ("/ingestd", True, "Strict")
    assert readable == ""
    assert after_click == page
    assert "Latest records" not in logged_out + after


async def test_the_page_has_no_withheld_headline_and_no_markup_of_strangers(service: Service, tmp_path: Path) -> None:
    await push(
        service,
        ninjs("urn:1", headline=f"{SECRET} votes", pubstatus="withheld"),
        ninjs("urn:2", headline=HOSTILE),
        ninjs("urn:3", headline="Ferry returns"),
    )

    async with (
        serve(Health(service), Listen(host="127.0.0.1", port=0), Access.with_token(TOKEN)) as address,
        proxy(address) as page,
        Browser.open(tmp_path / "browser") as browser,
    ):
        await browser.call("POST", "url", url=page)
        await browser.log_in(TOKEN)
        shown, source = await browser.text(), await browser.call("GET", "source")
        title = await browser.call("GET", "title")
        foreign = await browser.run("return document.querySelectorAll('script, img, [onerror]').length")
        links = await browser.run("return [...document.links].map(link => link.href)")

    assert "Ferry returns" in shown
    assert "(withheld)" in shown
    assert SECRET not in source
    assert shown.count(HOSTILE) >= 2  # as a headline and as the title of a source
    assert (title.endswith("– ingestd"), foreign) == (True, 0)
    assert {f"{page}health", f"{page}metrics"} <= set(links)

"""`ingestd.fetch`: fetch a URL politely."""

import asyncio
from functools import partial
from pathlib import Path

from ingestd.library.shared_fetcher import fetcher_for
from ingestd.model.reply import Reply
from ingestd.model.typed_url import typed_source_url


def fetch(url: str, *, obey_robots: bool = True, config: str | Path | None = None) -> Reply:
    """Fetch a URL once, with the manners and limits of the daemon.

    robots.txt is obeyed, requests to one site wait for their turn, also behind those of a daemon on this host, private
    and reserved addresses are refused, and time and size are bounded.  Redirects are followed, and nothing is tried
    twice.  `obey_robots=False` is for feeds and APIs, which are there to be polled.
    `config` is a settings file; None: the settings of the commands (`ingestd config show`).

    Can be called where an event loop runs, as in a notebook, and blocks it meanwhile: `fetch_async` does not.

    Raises FetchError, which says what went wrong, and ConfigError if a setting is wrong.
    """
    reply = fetcher_for(config).submit(_address(url), obey_robots=obey_robots)
    try:
        return reply.result()
    except BaseException:  # Ctrl-C: nobody waits for the reply any more
        reply.cancel()
        raise


async def fetch_async(url: str, *, obey_robots: bool = True, config: str | Path | None = None) -> Reply:
    """Fetch a URL once, as `fetch` does, without blocking the event loop; cancelling ends the request."""
    fetcher = await asyncio.to_thread(partial(fetcher_for, config))
    return await asyncio.wrap_future(fetcher.submit(_address(url), obey_robots=obey_robots))


def _address(url: str) -> str:
    """Return the address that `ingestd try` would fetch; the fetch says what is wrong with one that is none."""
    try:
        return typed_source_url(url)
    except ValueError:
        return url

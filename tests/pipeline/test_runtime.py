"""Settings that take effect in the parts of a run."""

import ssl
from collections.abc import AsyncIterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from ingestd.errors import ConfigError, Unreachable
from ingestd.pipeline.database import open_database
from ingestd.pipeline.runtime import open_fetcher
from ingestd.settings import Settings
from tests.support.drop_folders import make_certificate


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[tuple[str, Path]]:
    """Run a server with a self-signed certificate; yield its URL and the certificate's path."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="news")

    certificate = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    app = web.Application()
    app.router.add_get("/feed", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}/feed", certificate
    await runner.cleanup()


def settings(tmp_path: Path, ca_file: Path | None) -> Settings:
    return Settings(state_dir=tmp_path / "state", allow_networks=(IPv4Network("127.0.0.0/8"),), ca_file=ca_file)


async def test_certificates_of_the_configured_authorities_are_trusted(
    secured: tuple[str, Path], tmp_path: Path
) -> None:
    url, certificate = secured
    async with open_fetcher(settings(tmp_path, certificate)) as (_, fetcher):
        assert (await fetcher.get(url)).body == b"news"
    async with open_fetcher(settings(tmp_path, None)) as (_, fetcher):
        with pytest.raises(Unreachable, match="no TLS"):
            await fetcher.get(url)


async def test_a_missing_ca_file_is_reported_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_file: cannot read"):
        async with open_fetcher(settings(tmp_path, tmp_path / "none.pem")):
            pass


async def test_a_database_file_that_cannot_be_opened_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "news.db").mkdir()
    settings = Settings(state_dir=tmp_path, database_url=SecretStr(f"sqlite:///{tmp_path}/news.db"))

    with pytest.raises(ConfigError, match=r"^cannot open .*/news\.db: it is a directory; set database_url$"):
        async with open_database(settings, migrate="always"):
            pass

"""Settings of the kind `redis`."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from ingestd.delivery.brokers.settings import BrokerSettings, checked_url


def _url(text: str) -> str:
    checked_url(text, ("redis", "rediss"), path=True)
    database = urlsplit(text).path.strip("/")
    if database and not (database.isascii() and database.isdigit()):
        raise ValueError("should be redis://HOST:PORT/NUMBER, with the number of the database")
    return text


class RedisSettings(BrokerSettings):
    """Settings of a consumer of the kind `redis`."""

    url: Annotated[str, AfterValidator(_url)] = Field(
        description=(
            "Server, as redis://HOST:PORT or redis://HOST:PORT/DATABASE; rediss:// is with TLS, for which the setting "
            "`ca_file` of ingestd names further authorities."
        )
    )
    stream: str = Field(
        "ingestd",
        min_length=1,
        max_length=500,
        description="Key of the stream. No other program may write to it: identifiers of its entries must rise.",
    )
    max_length: int | None = Field(
        None,
        ge=1,
        description=(
            "About how many entries the stream keeps; older ones are dropped, read or not. Default: all of them."
        ),
    )

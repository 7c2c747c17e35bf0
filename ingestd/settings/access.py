"""Types and descriptions of the settings that say who may use the daemon's HTTP server."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from ingestd.settings.values import Contact, PublicUrl, _split_list

_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")


def _host_name(text: str) -> str:
    if not _HOST_NAME.fullmatch(text):
        raise ValueError(f"{text!r} should be a host without scheme and port, as in news.example.org")
    return text.lower()


ApiToken = Annotated[
    SecretStr | None,
    Field(
        min_length=16,
        description=(
            "Token for the status page (typed into its form), /metrics and /v1 (sent as Authorization: Bearer). Put it "
            "into a credential or an environment variable. Without one, /v1 answers only this host, and a `listen` "
            "that other hosts can reach is refused."
        ),
    ),
]
InboxToken = Annotated[
    SecretStr | None,
    Field(
        min_length=16,
        description=(
            "Token that clients send as Authorization: Bearer to push to /v1/inbox. Put it into a credential "
            "or an environment variable. Default: api_token; without either, only this host may push."
        ),
    ),
]
PublicAddress = Annotated[
    PublicUrl | None,
    Field(
        description=(
            "Public URL of the daemon's listen address, as in https://news.example.org/ingestd. WebSub hubs "
            "are then asked to push to websub/ below it. Without api_token, let the proxy forward nothing else."
        ),
    ),
]
AllowedHosts = Annotated[
    tuple[Annotated[str, AfterValidator(_host_name)], ...],
    BeforeValidator(_split_list),
    Field(
        description=(
            "Names under which the HTTP server is reached, as in news.example.org; a request with another Host header "
            "is refused. Always allowed: the names of the loopback, the host of `listen`, the address that was "
            "connected to, and the host of public_url. In the environment: separated by commas."
        ),
    ),
]
ListenOpen = Annotated[
    bool,
    Field(
        description=(
            "Whether `listen` may be reachable from other hosts although api_token is not set: everybody who can "
            "connect then reads the status page and /metrics."
        ),
    ),
]
MetricsOpen = Annotated[
    bool, Field(description="Whether /metrics needs no token although api_token is set, for scrapers that send none.")
]
ApiRate = Annotated[
    float,
    Field(
        gt=0,
        le=100_000,
        description=(
            "Requests a second that each token may make of /v1 in the long run; more are answered with status 429."
        ),
    ),
]
ApiBurst = Annotated[
    int,
    Field(ge=1, le=1_000_000, description="Requests that a token may make at once after a pause, beyond api_rate."),
]
ApiConcurrency = Annotated[
    int,
    Field(
        ge=1,
        le=10_000,
        description=(
            "Requests of a token that are answered at the same time. Requests that wait for events do not count."
        ),
    ),
]
PublicContact = Annotated[
    Contact | None,
    Field(
        description=(
            "Web page or mail address where publishers can ask about ingestd's requests. It is sent to every "
            "server in the User-Agent."
        ),
    ),
]

"""Settings that all brokers have, and types of settings that several have."""

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ingestd.settings.values import Seconds


class BrokerSettings(BaseModel):
    """Settings of a consumer behind a broker."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    user: str | None = Field(None, min_length=1, description="User to log in with. Default: none.")
    password: str | None = Field(
        None, min_length=1, repr=False, description="Password of the user; it is shown only on request."
    )
    timeout: Seconds = Field(
        30.0,
        ge=1,
        le=600,
        description=(
            "Time to connect and log in, and time for the acknowledgement of a message, in seconds or with a unit. "
            "A message that is not acknowledged in time is sent again, with the same identifier."
        ),
    )


#: Settings of brokers that are shown only on request.
SECRETS = frozenset({"password"})


def split_commas(value: object) -> object:
    """Return a list from text with commas; anything else as it is."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def checked_url(text: str, schemes: Iterable[str], *, path: bool = False) -> str:
    """Return the URL of a broker as it was given; raises ValueError, which never quotes it: it may hold a password."""
    parts = urlsplit(text)
    form = " or ".join(f"{scheme}://HOST:PORT" for scheme in schemes)
    if "@" in parts.netloc:
        raise ValueError("should have no login; use the settings `user` and `password`")
    # `port` raises ValueError when it is no number below 65,536.
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0 or not text.isprintable():
        raise ValueError(f"should be {form}")
    if parts.query or parts.fragment or (not path and parts.path.strip("/")):
        raise ValueError(f"should be {form}, without a {'query' if path else 'path or query'}")
    return text


def _host_and_port(text: str) -> str:
    parts = urlsplit(f"//{text}")
    if "@" in parts.netloc or not parts.hostname or not parts.port or text != parts.netloc:
        raise ValueError("should be HOST:PORT, or several separated by commas")
    return text


#: Addresses HOST:PORT, as a list or separated by commas.
Addresses = Annotated[
    tuple[Annotated[str, AfterValidator(_host_and_port)], ...],
    BeforeValidator(split_commas),
    Field(min_length=1, max_length=32),
]

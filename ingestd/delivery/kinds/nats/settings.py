"""Settings of the kind `nats`."""

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ingestd.delivery.brokers.settings import BrokerSettings, checked_url, split_commas
from ingestd.delivery.brokers.subjects import SubjectTemplate
from ingestd.settings.values import Seconds

_Server = Annotated[str, AfterValidator(lambda text: checked_url(text, ("nats", "tls")))]
_Servers = Annotated[tuple[_Server, ...], BeforeValidator(split_commas), Field(min_length=1, max_length=32)]


class NatsSettings(BrokerSettings):
    """Settings of a consumer of the kind `nats`."""

    servers: _Servers = Field(
        description=(
            "Servers of the cluster, each nats://HOST:PORT, or tls://HOST:PORT, which sends nothing without TLS; "
            "separated by commas. The setting `ca_file` of ingestd names further authorities."
        )
    )
    subject: SubjectTemplate = Field(
        "ingestd.{kind}",
        description="Subject to publish to; may have {kind}, {record} and {source} (the numbers of both).",
    )
    stream: str | None = Field(
        None,
        pattern=r"^[^\s.*>/\\]{1,200}$",
        description="Stream that must take the messages. Default: whichever has the subject.",
    )
    create_stream: bool = Field(
        False, description="Whether to create the stream, if it does not exist, with the subject and its placeholders."
    )
    duplicate_window: Seconds = Field(
        3600.0,
        ge=1,
        le=7 * 86_400,
        description=(
            "Of a stream that is created: for how long it drops a message whose identifier it has, in seconds or with "
            "a unit."
        ),
    )
    token: str | None = Field(
        None, min_length=1, repr=False, description="Token to log in with, instead of a user; shown only on request."
    )

    @model_validator(mode="after")
    def _streams_have_names(self) -> Self:
        if self.create_stream and not self.stream:
            raise ValueError("create_stream needs the name of the stream (`stream`)")
        if self.token and self.user:
            raise ValueError("should have a token or a user, not both")
        return self

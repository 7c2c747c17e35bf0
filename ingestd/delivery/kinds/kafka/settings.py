"""Settings of the kind `kafka`."""

from typing import Literal

from pydantic import Field

from ingestd.delivery.brokers.settings import Addresses, BrokerSettings
from ingestd.settings.values import Bytes


class KafkaSettings(BrokerSettings):
    """Settings of a consumer of the kind `kafka`."""

    servers: Addresses = Field(
        description="Brokers to ask for the others, each HOST:PORT, separated by commas.",
    )
    topic: str = Field(
        "ingestd",
        pattern=r"^[A-Za-z0-9._-]{1,249}$",
        description="Topic to write to; it must exist, unless the brokers create topics.",
    )
    tls: bool = Field(
        False,
        description=("Whether connections are with TLS; the setting `ca_file` of ingestd names further authorities."),
    )
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism to log in with; PLAIN sends the password itself."
    )
    compression: Literal["none", "gzip"] = Field("none", description="Compression of messages: none or gzip.")
    max_request: Bytes = Field(
        2**20,
        ge=1024,
        le=2**30,
        description=(
            "Largest message to send, in bytes or with a unit. The topic must take as much (max.message.bytes); its "
            "default is as large."
        ),
    )

"""Settings of the kind `rabbitmq`."""

from typing import Annotated

from pydantic import AfterValidator, Field

from ingestd.delivery.brokers.settings import BrokerSettings, checked_url
from ingestd.delivery.brokers.subjects import SubjectTemplate


class RabbitmqSettings(BrokerSettings):
    """Settings of a consumer of the kind `rabbitmq`."""

    url: Annotated[str, AfterValidator(lambda text: checked_url(text, ("amqp", "amqps"), path=True))] = Field(
        description=(
            "Server, as amqp://HOST:PORT or amqp://HOST:PORT/VHOST; amqps:// is with TLS, for which the setting "
            "`ca_file` of ingestd names further authorities."
        )
    )
    exchange: str = Field(
        "amq.topic",
        max_length=255,
        description=(
            "Exchange to publish to; it must exist. Empty: the default exchange, where the routing key is the name of "
            "a queue."
        ),
    )
    routing_key: SubjectTemplate = Field(
        "ingestd.{kind}",
        description=(
            "Routing key; may have {kind}, {record} and {source} (the numbers of both). A message that no queue gets "
            "is refused by the server."
        ),
    )

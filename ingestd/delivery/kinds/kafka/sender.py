"""Sender for Kafka."""

import asyncio
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from ingestd.delivery.brokers.connection import Connection, silence, system_words
from ingestd.delivery.kinds.kafka.settings import KafkaSettings
from ingestd.delivery.kinds.kind import Receipt, Rendered
from ingestd.errors import EndpointDown, MessageRefused
from ingestd.web.connection.dial import tls_context

silence("aiokafka")


class KafkaSender:
    """Writes messages to a topic and waits until all replicas in sync have each.

    The client sends again what the brokers did not acknowledge, and they drop what they have; after `timeout` the
    producer is given up, and what is sent then may be a double.
    """

    def __init__(self, settings: KafkaSettings, ca_file: Path | None) -> None:
        self._settings = settings
        self._tls = tls_context(ca_file) if settings.tls else None
        #: The caller that opens the sender closes it.
        self.connection = Connection(self._connect, self._close, settings.timeout)
        self._where = ", ".join(settings.servers)

    async def send(self, rendered: Rendered) -> Receipt:
        """Write a message; return when the brokers have acknowledged it."""
        producer = await self.connection.get()
        topic = self._settings.topic
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._write(producer, rendered)
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            reason = f"{len(rendered.body)} bytes; it is larger than max_request or than the topic's max.message.bytes"
            raise MessageRefused(reason) from error
        except TopicAuthorizationFailedError as error:
            raise self._down(f"the user may not write to the topic {topic}") from error
        except UnknownTopicOrPartitionError as error:
            raise self._down(f"no topic {topic}; create it") from error
        except TimeoutError as error:
            if producer.client.cluster.partitions_for_topic(topic) is None:
                raise self._down(f"no topic {topic}; create it") from error
            await self.connection.drop(producer)
            raise self._down(f"no acknowledgement within {self._settings.timeout:g} s") from error
        except (KafkaError, OSError) as error:
            await self.connection.drop(producer)
            raise self._down(_words(error)) from error
        except asyncio.CancelledError:
            # What was handed to the producer would be sent yet.
            await self.connection.drop(producer)
            raise

    async def _write(self, producer: AIOKafkaProducer, rendered: Rendered) -> Receipt:
        message = rendered.message
        written = await producer.send_and_wait(
            self._settings.topic,
            rendered.body,
            # All events of a record are in one partition, in their order.
            key=str(message.event.record_id).encode(),
            timestamp_ms=int(message.event.at.timestamp() * 1000),
            headers=[
                ("id", message.id.encode()),
                ("kind", message.event.kind.encode()),
                ("content-type", rendered.media_type.encode()),
            ],
        )
        return Receipt(excerpt=f"{written.topic} {written.partition} {written.offset}")

    def _down(self, reason: str) -> EndpointDown:
        return EndpointDown(f"{self._where}: {reason}")

    async def _connect(self) -> AIOKafkaProducer:
        settings = self._settings
        producer = AIOKafkaProducer(
            bootstrap_servers=list(settings.servers),
            client_id="ingestd",
            acks="all",
            enable_idempotence=True,
            compression_type=None if settings.compression == "none" else settings.compression,
            max_request_size=settings.max_request,
            request_timeout_ms=int(settings.timeout * 1000),
            **self._security(),
            **self._login(),
        )
        try:
            await producer.start()
        except KafkaConnectionError as error:
            await self._close(producer)
            raise EndpointDown(f"cannot connect to {self._where}: {await self._cause()}") from error
        except (KafkaError, OSError) as error:
            await self._close(producer)
            raise EndpointDown(f"cannot connect to {self._where}: {_words(error)}") from error
        except BaseException:
            await self._close(producer)
            raise
        return producer

    def _security(self) -> dict[str, Any]:
        protocol = ("SASL_" if self._settings.user else "") + ("SSL" if self._tls else "PLAINTEXT")
        return {"security_protocol": protocol, "ssl_context": self._tls}

    def _login(self) -> dict[str, Any]:
        settings = self._settings
        if settings.user is None:
            return {}
        return {
            "sasl_mechanism": settings.mechanism,
            "sasl_plain_username": settings.user,
            "sasl_plain_password": settings.password or "",
        }

    async def _cause(self) -> str:
        """Return why the first broker cannot be used; the producer only says that none can."""
        host, _, port = self._settings.servers[0].rpartition(":")
        try:
            connection = await create_conn(
                host.strip("[]"),
                int(port),
                request_timeout_ms=int(self._settings.timeout * 1000),
                **self._security(),
                **self._login(),
            )
        except (KafkaError, OSError) as error:
            return _words(error)
        connection.close()
        return "it answers now"

    async def _close(self, producer: AIOKafkaProducer) -> None:
        # `stop` waits until everything is delivered, which is what the caller has given up.
        producer._message_accumulator.fail_all(KafkaConnectionError("the producer was closed"))
        await producer.stop()


def _words(error: BaseException) -> str:
    if isinstance(error, AuthenticationFailedError | SaslAuthenticationFailed | IllegalStateError):
        return f"the broker refuses the login ({error}); see the settings user, password and mechanism"
    return system_words(error) or type(error).__name__

"""Kafka, as librdkafka imitates a cluster of it.

The Python package has no names for what the imitation can do, so its library is called directly
(rdkafka_mock.h of librdkafka).
"""

import ctypes
from collections.abc import Callable
from importlib.metadata import distribution
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from ingestd.delivery.kinds.kafka import KIND
from tests.delivery.kinds.contract import Received

BROKERS = (1, 2)
TOPIC = "news"
_PRODUCE = 0  # the number of the request in Kafka's protocol
_PRODUCER = 0  # rd_kafka_type_t


def _library() -> ctypes.CDLL:
    files = distribution("confluent-kafka").files or []
    path = next(file for file in files if file.name.startswith("librdkafka-"))
    library = ctypes.CDLL(str(path.locate()))
    for name in ("rd_kafka_new", "rd_kafka_conf_new", "rd_kafka_mock_cluster_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return library


class KafkaCluster:
    """Brokers in threads of this process; while they are down, they keep their messages in memory."""

    kind = KIND
    oversized = 65_536
    # Kafka drops what an idempotent producer sends again; the imitation keeps it.
    keeps_doubles = True
    wrong_login = None

    def __init__(self) -> None:
        self._rdkafka = _library()
        error = ctypes.create_string_buffer(512)
        conf = ctypes.c_void_p(self._rdkafka.rd_kafka_conf_new())
        self._handle = ctypes.c_void_p(self._rdkafka.rd_kafka_new(_PRODUCER, conf, error, len(error)))
        assert self._handle, error.value
        self._cluster = ctypes.c_void_p(self._rdkafka.rd_kafka_mock_cluster_new(self._handle, len(BROKERS)))
        self._call("rd_kafka_mock_topic_create", TOPIC.encode(), 4, len(BROKERS))
        self.servers = self._rdkafka.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def _call(self, name: str, *arguments: Any) -> None:
        assert getattr(self._rdkafka, name)(self._cluster, *arguments) == 0

    def close(self) -> None:
        self._rdkafka.rd_kafka_mock_cluster_destroy(self._cluster)
        self._rdkafka.rd_kafka_destroy(self._handle)

    @property
    def settings(self) -> dict[str, Any]:
        return {"servers": self.servers, "topic": TOPIC, "max_request": 65_535}

    async def start(self) -> None:
        for broker in BROKERS:
            self._call("rd_kafka_mock_broker_set_up", broker)

    async def kill(self) -> None:
        for broker in BROKERS:
            self._call("rd_kafka_mock_broker_set_down", broker)

    def mute(self) -> None:
        """Delay the answer to the next request of each broker that writes messages by more than a test takes."""
        for broker in BROKERS:
            self._call("rd_kafka_mock_broker_push_request_error_rtts", broker, _PRODUCE, 1, 0, 600_000)

    def fail_next_write(self, code: int) -> None:
        """Answer the next request of each broker that writes messages with an error."""
        for broker in BROKERS:
            self._call("rd_kafka_mock_broker_push_request_error_rtts", broker, _PRODUCE, 1, code, 0)

    def hide_topic(self, code: int) -> None:
        """Answer with an error whoever asks for the topic."""
        self._rdkafka.rd_kafka_mock_topic_set_error(self._cluster, TOPIC.encode(), code)

    def cut(self) -> None:
        for broker in BROKERS:
            self._call("rd_kafka_mock_broker_set_down", broker)
        for broker in BROKERS:
            self._call("rd_kafka_mock_broker_set_up", broker)

    async def received(self) -> list[Received]:
        found = []
        for key, name, body in await self._read():
            received = Received.of(body, name)
            assert key == str(received.record_id).encode()
            found.append(received)
        return found

    async def follow(self, add: Callable[[str, bytes], None]) -> None:
        """Call `add` with each message and its identifier until this is cancelled: those of a record are in order."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.servers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign([TopicPartition(TOPIC, number) for number in range(4)])
            async for message in consumer:
                add(dict(message.headers)["id"].decode(), message.value)
        finally:
            await consumer.stop()

    async def _read(self) -> list[tuple[bytes, str, bytes]]:
        """Return key, identifier and body of all messages, one partition after the other."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.servers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = [TopicPartition(TOPIC, number) for number in range(4)]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            found = []
            for partition, end in ends.items():
                while end and await consumer.position(partition) < end:
                    message = await consumer.getone(partition)
                    found.append((message.key, dict(message.headers)["id"].decode(), message.value))
            return found
        finally:
            await consumer.stop()

"""Consumers of the kind `sse`: a client reads `/v1/stream?consumer=NAME` as server-sent events."""

from pydantic import BaseModel, ConfigDict

from ingestd.delivery.kinds.kind import Kind


class SseSettings(BaseModel):
    """Settings of a consumer of the kind `sse`: none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


KIND = Kind(name="sse", settings=SseSettings, next_step="its client reads /v1/stream?consumer={name} of the daemon")

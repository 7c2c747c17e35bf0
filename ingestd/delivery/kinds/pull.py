"""Consumers of the kind `pull`: readers ask for messages and acknowledge them, over `/v1/consumers/NAME/events`."""

from pydantic import BaseModel, ConfigDict, Field

from ingestd.delivery.kinds.kind import Kind
from ingestd.settings.values import Seconds


class PullSettings(BaseModel):
    """Settings of a consumer of the kind `pull`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lease: Seconds = Field(
        60.0,
        ge=1,
        le=3600,
        description="Time for which a reader holds messages before others get them, in seconds or with a unit.",
    )


KIND = Kind(
    name="pull",
    settings=PullSettings,
    next_step="readers ask for messages at /v1/consumers/{name}/events of the daemon",
)

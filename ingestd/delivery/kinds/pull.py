"""Consumers of the kind `pull`: readers ask for messages and acknowledge them, over `/v1/consumers/NAME/events`."""

from pydantic import BaseModel, ConfigDict, Field

from ingestd.delivery.kinds.kind import Kind


class PullSettings(BaseModel):
    """Settings of a consumer of the kind `pull`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lease: float = Field(
        60.0, ge=1, le=3600, description="Seconds for which a reader holds messages before others get them."
    )


KIND = Kind(name="pull", settings=PullSettings)

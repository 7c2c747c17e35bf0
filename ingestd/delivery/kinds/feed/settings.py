"""Settings of the kind `feed`."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingestd import urls


def _hub(text: str) -> str:
    if not text.startswith(("https://", "http://")) or urls.without_userinfo(text) != text:
        raise ValueError("should be the URL of a hub, without a login, as in https://hub.example/")
    return urls.normalise(text)


class FeedSettings(BaseModel):
    """Settings of a consumer of the kind `feed`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = Field(
        None, min_length=1, max_length=200, description="Title of the feed. Default: the consumer's name."
    )
    size: int = Field(
        50, ge=1, le=500, description="Entries of the feed: the newest stories; older ones are in its archive."
    )
    public: bool = Field(
        False, description="Whether everybody who can connect may read it. Default: it needs a token, as the API does."
    )
    hub: Annotated[str, AfterValidator(_hub)] | None = Field(
        None,
        description=(
            "WebSub hub to tell of changes, so that its subscribers need not poll; needs `public` and the setting "
            "`public_url` of ingestd. Default: none."
        ),
    )

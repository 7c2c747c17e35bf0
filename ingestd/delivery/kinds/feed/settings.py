"""Settings of the kind `feed`."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingestd import urls
from ingestd.settings import Settings


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


def hub_refusal(settings: FeedSettings, operator: Settings) -> str | None:
    """Return why the hub of a feed cannot be told of changes, and what to do; None: it can, or there is none."""
    if settings.hub is None:
        return None
    if operator.public_url is None:
        return "a hub needs the address of the feed: set public_url in ingestd.toml"
    if not settings.public:
        # A hub fetches the feed as everybody does.
        return "a hub can read only a public feed: set public = true"
    return None

"""Settings of a webhook."""

from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from ingestd.delivery.kinds.webhook.signature import key_of
from ingestd.errors import Forbidden
from ingestd.settings.values import Seconds
from ingestd.web.target import Target


def _endpoint(url: str) -> str:
    """Return a URL that messages can be posted to; raises ValueError, which does not quote it."""
    try:
        target = Target.parse(url)
    except Forbidden:
        raise ValueError("should be an http:// or https:// URL") from None
    if target.authorization:
        raise ValueError("should have no user and password; give them with the setting logins of ingestd.toml")
    return url


def _secret(text: str) -> str:
    key_of(text)
    return text


#: A secret of Standard Webhooks.
Secret = Annotated[str, AfterValidator(_secret)]


class WebhookSettings(BaseModel):
    """Settings of a consumer of the kind webhook."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_endpoint)] = Field(
        max_length=2000,
        description=(
            "URL of the endpoint, https or http. Redirects are not followed. A login of the setting `logins` for its "
            "origin is sent along; private addresses must be in `allow_networks`."
        ),
    )
    secret: Secret = Field(
        repr=False,
        description=(
            "Secret that messages are signed with: whsec_ and base64 of 24 to 64 random bytes. One is generated for a "
            "new consumer; `ingestd consumers rotate` replaces it."
        ),
    )
    previous_secret: Secret | None = Field(
        None,
        repr=False,
        description="Secret before the last rotation, which messages are also signed with until `previous_until`.",
    )
    previous_until: AwareDatetime | None = Field(
        None, description="When the previous secret ends, in ISO 8601; it needs `previous_secret`."
    )
    timeout: Seconds = Field(
        15.0,
        ge=1,
        le=60,
        description=(
            "Time for one attempt, connection and answer included, in seconds or with a unit. An endpoint should "
            "answer at once and work afterwards."
        ),
    )

    @model_validator(mode="after")
    def _have_both(self) -> Self:
        if (self.previous_secret is None) != (self.previous_until is None):
            raise ValueError("previous_secret and previous_until belong together")
        return self

"""Settings of consumers: those of their kind, and those of all kinds that send messages."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ingestd.delivery.engine.retries import SCHEDULE
from ingestd.delivery.kinds import KINDS, find_kind
from ingestd.delivery.kinds.kind import Kind
from ingestd.errors import UsageError
from ingestd.settings.values import Seconds

M = TypeVar("M", bound=BaseModel)

#: The longest time between two tries, in seconds.
LONGEST_RETRY = 30 * 86_400.0
#: Tries of a message, at most, after the first one.
MOST_RETRIES = 50


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class SendingSettings(BaseModel):
    """Settings of all kinds that send messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    retries: Annotated[
        tuple[Annotated[Seconds, Field(ge=1, le=LONGEST_RETRY)], ...],
        BeforeValidator(_split),
        Field(max_length=MOST_RETRIES),
    ] = Field(
        SCHEDULE,
        description=(
            "Times from each try of a message that the endpoint refuses to the next, in seconds or with a unit, "
            "separated by commas; after the last try the message is dead. Default: ten tries over 75 hours."
        ),
    )


def known_kind(name: str) -> Kind:
    """Return the kind with a name; raises UsageError."""
    kind = find_kind(name)
    if kind is None:
        raise UsageError(f"there is no kind {name!r}; the kinds are {_listed(KINDS)}")
    return kind


def setting_names(kind: Kind) -> list[str]:
    """Return the names of the settings of a kind."""
    return [*kind.settings.model_fields, *(SendingSettings.model_fields if kind.open else ())]


def kind_settings(kind: Kind, values: Mapping[str, Any]) -> BaseModel:
    """Return the settings of a consumer that its kind knows; raises UsageError, which names what is wrong."""
    shared = _shared_names(kind)
    return _validated(kind, kind.settings, {name: value for name, value in values.items() if name not in shared})


def retry_schedule(kind: Kind, values: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the seconds from each try of a message to the next, by the settings of a consumer; raises UsageError."""
    own: tuple[float, ...] | None = getattr(kind_settings(kind, values), "retries", None)
    return _sending_settings(kind, values).retries if own is None else own


def check_names(kind: Kind, names: Iterable[str]) -> None:
    """Raise UsageError when a kind has no setting of a name."""
    unknown = sorted(set(names).difference(setting_names(kind)))
    if unknown:
        raise _unknown(kind, unknown[0])


def check_settings(kind: Kind, values: Mapping[str, Any]) -> None:
    """Raise UsageError, which names the setting, when the settings of a consumer are not valid; it quotes no value."""
    kind_settings(kind, values)
    _sending_settings(kind, values)


def _sending_settings(kind: Kind, values: Mapping[str, Any]) -> SendingSettings:
    shared = _shared_names(kind)
    return _validated(kind, SendingSettings, {name: value for name, value in values.items() if name in shared})


def _shared_names(kind: Kind) -> set[str]:
    """Return the names of the settings that a kind has as all do which send messages."""
    return SendingSettings.model_fields.keys() - kind.settings.model_fields.keys() if kind.open else set()


def _validated(kind: Kind, model: type[M], values: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # Several settings may be wrong; one is corrected after the other.  A name that is misspelt comes before the one
        # that is missing because of it.
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        first = min(errors, key=lambda one: one["type"] != "extra_forbidden")
        # Of a list, such as several servers, which are given in one.
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "extra_forbidden":
            raise _unknown(kind, name) from None
        if first["type"] == "missing":
            raise UsageError(
                f"the kind {kind.name} needs the setting {name!r}: give it with --set {name}=VALUE"
            ) from None
        message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        raise UsageError(f"setting {name!r}: {message}" if name else message) from None


def _unknown(kind: Kind, name: str) -> UsageError:
    names = setting_names(kind)
    has = f"it has {_listed(names)}" if names else "it has none"
    return UsageError(f"the kind {kind.name} has no setting {name!r}; {has}")


def shown_settings(kind: Kind | None, values: Mapping[str, Any], *, secrets: bool) -> dict[str, Any]:
    """Return settings as they are shown: without `secrets`, a secret is only said to be there.

    Of an unknown kind, all may be secrets.
    """
    hidden = frozenset(values) if kind is None else kind.secrets
    return {name: "(hidden)" if name in hidden and not secrets else value for name, value in values.items()}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))

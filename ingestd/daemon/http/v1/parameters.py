"""Types of parameters, and the classes that the models of requests and answers inherit from."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ingestd.times import parse_iso, utc

#: The largest number that is accepted: 18 digits fit the database's 64-bit integers.
MAX_NUMBER = 10**18 - 1


class Parameters(BaseModel):
    """Parameters of a query or a path; an unknown one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Body(BaseModel):
    """A body in JSON; an unknown member is an error, and so is a value of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(BaseModel):
    """An answer, for the description: answers are not checked again before they are sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _number(value: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise PydanticCustomError("number", "is not a number; write it as in 1500")
    return value


def _flag(value: Any) -> Any:
    if isinstance(value, str) and value not in ("true", "false"):
        raise PydanticCustomError("flag", "must be true or false")
    return value


def _time(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # A "+" in a query decodes to a space: "2026-01-31T12:00:00+01:00" is often sent without escaping.
    if (when := parse_iso(value.replace(" ", "+"))) is None:
        raise PydanticCustomError("time", "is not a time; write it as in 2026-01-31T09:00:00Z")
    return utc(when)


def _not_empty(value: Any) -> Any:
    if value == "":
        raise PydanticCustomError("empty", "is empty")
    return value


#: A number from 0 on.
Number = Annotated[int, Field(ge=0, le=MAX_NUMBER), BeforeValidator(_number)]

#: A number from 0 on that fits the database's 32-bit integers, such as the number of a revision.
Count = Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(_number)]

#: `true` or `false`.
Flag = Annotated[bool, BeforeValidator(_flag)]

#: A time in ISO 8601, UTC if it has no zone.
Time = Annotated[datetime, BeforeValidator(_time)]

#: A text of at least one character and at most 4096.
Text = Annotated[str, Field(min_length=1, max_length=4096), BeforeValidator(_not_empty)]


def limit(default: int, maximum: int) -> Any:
    """Return the field `limit` of a query: a number from 1 to `maximum`."""
    return Field(default, ge=1, le=maximum, description=f"At most this many, from 1 to {maximum}.")


#: Type of the field `limit`; its bounds are those of the function `limit`.
Limit = Annotated[int, BeforeValidator(_number)]

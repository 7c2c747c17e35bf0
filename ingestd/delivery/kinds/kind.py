"""The interface of a kind of consumer."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from ingestd.model.consumer import Consumer
from ingestd.model.message import Message
from ingestd.settings import Settings

if TYPE_CHECKING:  # it imports the HTTP client, which a kind does not need until it sends
    from ingestd.web.fetcher import Fetcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message in the form of its consumer."""

    message: Message
    body: bytes
    media_type: str
    #: Whether it is the example of `consumers test`, which is no event of the log.
    is_example: bool = False
    #: 1: it is sent for the first time since its consumer was opened; more: attempts that failed came before.
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an endpoint answered to a message that it took."""

    #: HTTP status; None: the protocol has none.
    status: int | None = None
    excerpt: str | None = None
    #: For an example: what was done, where the protocol has no answer that would tell.
    done: str | None = None


class Sender(Protocol):
    """Sends messages to the endpoint of one consumer."""

    async def send(self, rendered: Rendered) -> Receipt:
        """Send a message; return when the endpoint has acknowledged it.

        May be called for several messages at the same time, but never for two of one record.

        Raises EndpointDown when the endpoint takes nothing at present, EndpointGone when it never will again, and
        MessageRefused when it did not take this message.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a sender is made from."""

    consumer: Consumer
    #: An instance of the kind's `settings`.
    settings: Any
    #: The settings of the operator: logins, `ca_file`, `allow_networks`, `fetch_timeout`.
    operator: Settings
    #: Its guard refuses private and reserved addresses.
    fetcher: "Fetcher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of consumer: how messages reach it."""

    name: str
    #: The model of its settings; `extra="forbid"`, each field with a description that the documentation quotes.
    settings: type[BaseModel]
    #: Opens what sends messages to a consumer.  None: the consumer asks for them itself.
    open: Callable[[Opening], AbstractAsyncContextManager[Sender]] | None = None
    #: Whether messages must be sent in order of their numbers, one after the other, with no kill before its turn.
    ordered: bool = False
    #: Messages that are sent at the same time, at most; where it depends on the settings, a function of them.
    concurrency: int | Callable[[Any], int] = 16
    #: Returns why settings and a form cannot work with the settings of the operator; None: they can, as far as can be
    #: known before something is sent.
    refusal: Callable[[Any, str, Settings], str | None] = lambda _settings, _form, _operator: None
    #: The form of a new consumer, unless another is given.
    form: str = "full"
    #: Returns settings of a new consumer that were not given, such as a generated secret.
    defaults: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _given: {}
    #: What to do with a new consumer, with {name} for its name.
    next_step: str = "`ingestd consumers test {name}` sends it an example"
    #: Names of settings that are shown only on request.
    secrets: frozenset[str] = frozenset()

"""Secrets and signatures of webhooks, as Standard Webhooks 1.0 defines them."""

import binascii
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any

#: Standard Webhooks, "Signature scheme": a secret is this prefix and base64 of 24 to 64 random bytes.
PREFIX = "whsec_"
MIN_BYTES, MAX_BYTES = 24, 64
#: Bytes of a secret that is generated: as many as its signatures have.
_GENERATED_BYTES = 32


def make_secret() -> str:
    """Return a new random secret."""
    return PREFIX + b64encode(secrets.token_bytes(_GENERATED_BYTES)).decode()


def with_secret(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a new secret, unless the settings of a new consumer have one."""
    return {} if given.get("secret") else {"secret": make_secret()}


def key_of(secret: str) -> bytes:
    """Return the key that a secret encodes; raises ValueError, which does not quote it."""
    form = f"should be {PREFIX} and base64 of {MIN_BYTES} to {MAX_BYTES} random bytes"
    if not secret.startswith(PREFIX):
        raise ValueError(form)
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(form) from None
    if not MIN_BYTES <= len(key) <= MAX_BYTES:
        raise ValueError(form)
    return key


def signatures(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header webhook-signature: a signature by each key, separated by spaces.

    What is signed is the identifier, the seconds since 1970 and the body, joined by full stops.
    """
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    return " ".join(f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)

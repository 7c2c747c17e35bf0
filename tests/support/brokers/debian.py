"""Servers that only `make test-brokers` installs."""

import os
from pathlib import Path

import pytest


def needs(binary: str) -> pytest.MarkDecorator:
    """Skip tests of a server outside of `make test-brokers`, where its absence fails them."""
    if os.environ.get("BROKERS"):
        assert Path(binary).exists(), f"{binary} is missing; `make test-brokers` installs it"
    return pytest.mark.skipif(
        not os.environ.get("BROKERS"), reason=f"needs {binary}; `make test-brokers` installs it and runs these tests"
    )
